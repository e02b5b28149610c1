"""The command itself: it only gathers the subcommands, and turns our errors into exit codes.

Exit codes: 0 when all is well, 1 when a check fails, 2 on bad usage.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

_SUBCOMMANDS: Final = (
    "doctor",
    "probe",
    "run",
    "run-summary",
    "gateway",
    "journal",
    "bundle",
    "view",
    "contracts",
    "generate",
    "dashboards",
    "rules",
    "sheet",
    "alerts",
    "variance",
    "rollout",
    "report",
)
"""Each has a module of its name, with a function of that name, or an `app` of further subcommands."""


def main() -> None:
    """Run the `telemetry` command."""
    try:
        import typer
    except ModuleNotFoundError:
        sys.exit("the telemetry command needs its extra: pip install 'telemetry[probe]'")
    from .version import show_version

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Spans, metrics and logs under one contract, for specification-to-binary pipelines.",
    )
    app.callback()(show_version)
    for name in _wanted(sys.argv[1:]):
        in_python = name.replace("-", "_")
        module = import_module(f".{in_python}", __package__)
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, in_python))
    app(prog_name="telemetry")


def _wanted(arguments: list[str]) -> tuple[str, ...]:
    """Give the subcommand that is meant, all where that is none: the libraries of one do not delay another."""
    first = next((word for word in arguments if not word.startswith("-")), "")
    return (first,) if first in _SUBCOMMANDS else _SUBCOMMANDS
