"""The command itself: it only gathers the subcommands, and turns our errors into exit codes.

Exit codes: 0 when all is well, 1 when a check fails, 2 on bad usage.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `telemetry` command."""
    try:
        import typer
    except ModuleNotFoundError:
        sys.exit("the telemetry command needs its extra: pip install 'telemetry[probe]'")
    from .bundle import app as bundle
    from .doctor import doctor
    from .gateway import gateway
    from .journal import app as journal
    from .probe import probe
    from .version import show_version

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Spans, metrics and logs under one contract, for specification-to-binary pipelines.",
    )
    app.callback()(show_version)
    app.command()(doctor)
    app.command()(probe)
    app.command()(gateway)
    app.add_typer(journal, name="journal")
    app.add_typer(bundle, name="bundle")
    app(prog_name="telemetry")
