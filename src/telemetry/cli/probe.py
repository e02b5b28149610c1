"""`telemetry probe`: one instrumented cycle, checked against the contracts. The gate for CI."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from telemetry.config import Settings, read_settings
from telemetry.errors import ConfigurationError, ContractError, UnsupportedError
from telemetry.probe import (
    Aftermath,
    BackendDescriptor,
    Plan,
    Report,
    as_json,
    as_text,
    backend,
    backends,
    probe_function,
)
from telemetry.probe import probe as run_probe

from .folders import refuse
from .junit import write_junit
from .keeper import keep
from .probed import tell_github

_DEFAULT_SPEC = Path(__file__).parents[1] / "probe" / "default.spec"
_FAILED = 1
_INTERRUPTED = 130
_STANDARD_OUTPUT = "-"
_WIDTH = 160

_Target = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:FUNCTION", help="Probe a pipeline of your own: it is called with no argument, or awaited."
    ),
]


def probe(
    specs: Annotated[list[Path] | None, typer.Argument(help="Specifications; by default a small one.")] = None,
    *,
    backend_names: Annotated[
        list[str] | None,
        typer.Option("--backend", "-b", help="A backend, or several; by default the stable ones that are ready."),
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the report as JSON to this file; - is the standard output.")
    ] = None,
    folder: Annotated[
        Path, typer.Option("--workspace", help="Where builds, outputs, packages and the signing key are kept.")
    ] = Path(".telemetry"),
    revision: Annotated[str | None, typer.Option(help="The revision of the specification.")] = None,
    timeout_seconds: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds for one toolchain run.")] = 60.0,
    proof_seconds: Annotated[
        float | None, typer.Option("--proof", min=1.0, help="Seconds for a prover; without it nothing is proved.")
    ] = None,
    use_cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Take earlier builds.")] = True,
    expect_blocked: Annotated[
        bool, typer.Option("--expect-blocked", help="Pass only if verification blocks each specification.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, help="Lower and compile in so many processes; it is one trace.")] = 0,
    target: _Target = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML as well.")] = None,
) -> None:
    """Run one cycle of the reference pipeline, or a pipeline of your own, and check all that it recorded.

    Exit code 0 when the contracts hold, 1 when they do not, 2 on bad usage.
    """
    try:
        settings = read_settings(log_level="debug")
        if target is not None:
            _probe_target(target, specs, settings, partial(_show, json_path=json_path, junit=junit))
        plan = Plan(
            specs=specs or [_DEFAULT_SPEC],
            backends=_chosen(backend_names),
            folder=folder.resolve(),
            revision=revision,
            use_cache=use_cache,
            timeout_seconds=timeout_seconds,
            proof_seconds=proof_seconds,
            progress=lambda stage, subject: typer.secho(f"· {stage:20} {subject}", err=True, dim=True),
            expect_blocked=expect_blocked,
            workers=workers,
        )
        report = run_probe(plan, settings)
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))
    _show(report, json_path, junit)


def _chosen(names: list[str] | None) -> list[BackendDescriptor]:
    if names:
        try:
            return [backend(name) for name in names]
        except UnsupportedError as error:
            refuse(str(error))
    native = [each for each in backends().values() if each.interface == "native" and each.maturity == "stable"]
    return [each for each in native if not each.missing_binaries()] or [backend("python")]


def _probe_target(
    target: str, specs: list[Path] | None, settings: Settings, show: Callable[[Report], NoReturn]
) -> NoReturn:
    """Probe in a child, since a target may end its process; the verdict is ours where the child has none."""
    aftermath = Aftermath(settings)

    def gate() -> NoReturn:
        try:
            report = probe_function(_function(target, specs), settings)
        except (ConfigurationError, ContractError) as error:
            refuse(str(error))
        show(report)

    ending = keep(gate)
    if ending.verdict is None:
        try:
            report = aftermath.report(target, ending.words, ending.process)
        except ContractError as error:
            refuse(str(error))
        show(report)
    raise typer.Exit(ending.exit_code)


def _function(name: str, specs: list[Path] | None) -> Callable[[], Any]:
    if specs:
        refuse("--target names a pipeline of your own, which reads no specification; keep one")
    module_name, colon, path = name.partition(":")
    sys.path.insert(0, "")
    try:
        found: Any = import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        refuse(f"--target {name}: {error}; give module:function")
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the user's module may raise anything when it is imported
        refuse(f"--target {name}: {module_name} cannot be imported: {type(error).__name__}: {error}")
    if not colon or not callable(found):
        refuse(f"--target {name} is no function; give module:function")
    return found  # type: ignore[no-any-return]


def _show(report: Report, json_path: str | None, junit: Path | None) -> NoReturn:
    """Write the report in all its forms, and end."""
    text = json.dumps(as_json(report), indent=2, ensure_ascii=False)
    if json_path not in (None, _STANDARD_OUTPUT):
        _write(str(json_path), text)
    if junit is not None:
        try:
            write_junit(report, junit)
        except ConfigurationError as error:
            refuse(str(error))
    typer.echo(text if json_path == _STANDARD_OUTPUT else as_text(report, color=sys.stdout.isatty(), width=_WIDTH))
    tell_github(report, is_quiet=json_path == _STANDARD_OUTPUT)
    is_interrupted = any(finding.rule == "pipeline-interrupted" for finding in report.findings)
    raise typer.Exit(0 if report.is_passed else _INTERRUPTED if is_interrupted else _FAILED)


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        refuse(f"--json {path}: {error.strerror}")
