"""`telemetry probe`: one instrumented cycle, checked against the contracts. The gate for CI."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from telemetry.config import Settings, read_settings
from telemetry.errors import ConfigurationError, ContractError, UnsupportedError
from telemetry.probe import BackendDescriptor, Plan, Report, as_json, as_text, backend, backends, probe_function
from telemetry.probe import probe as run_probe

_DEFAULT_SPEC = Path(__file__).parents[1] / "probe" / "default.spec"
_USAGE, _FAILED = 2, 1
_WIDTH = 160


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
    pipeline: Annotated[
        str | None, typer.Option(help="Probe a pipeline of your own: module:function, called with no argument.")
    ] = None,
) -> None:
    """Run one cycle of the reference pipeline and check all that it recorded against the contracts.

    Exit code 0 when the contracts hold, 1 when they do not, 2 on bad usage.
    """
    settings = _settings()
    try:
        if pipeline is not None:
            report = probe_function(_function(pipeline), settings)
        else:
            plan = Plan(
                specs=specs or [_DEFAULT_SPEC],
                backends=_chosen(backend_names),
                folder=folder.resolve(),
                revision=revision,
                use_cache=use_cache,
                timeout_seconds=timeout_seconds,
                proof_seconds=proof_seconds,
                progress=_progress,
                expect_blocked=expect_blocked,
                workers=workers,
            )
            report = run_probe(plan, settings)
    except (ConfigurationError, ContractError) as error:
        _refuse(str(error))
    _show(report, json_path)
    raise typer.Exit(0 if report.is_passed else _FAILED)


def _settings() -> Settings:
    try:
        return read_settings(log_level="debug")
    except ConfigurationError as error:
        _refuse(str(error))


def _chosen(names: list[str] | None) -> list[BackendDescriptor]:
    if names:
        try:
            return [backend(name) for name in names]
        except UnsupportedError as error:
            _refuse(str(error))
    native = [each for each in backends().values() if each.interface == "native" and each.maturity == "stable"]
    return [each for each in native if not each.missing_binaries()] or [backend("python")]


def _function(name: str) -> Callable[[], Any]:
    module_name, colon, path = name.partition(":")
    sys.path.insert(0, "")
    try:
        found: Any = import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        _refuse(f"--pipeline {name}: {error}; give module:function")
    if not colon or not callable(found):
        _refuse(f"--pipeline {name} is no function; give module:function")
    return found  # type: ignore[no-any-return]


def _progress(stage: str, subject: str) -> None:
    typer.secho(f"· {stage:20} {subject}", err=True, dim=True)


def _show(report: Report, json_path: str | None) -> None:
    if json_path is not None:
        text = json.dumps(as_json(report), indent=2, ensure_ascii=False)
        if json_path == "-":
            typer.echo(text)
            return
        try:
            Path(json_path).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            _refuse(f"--json {json_path}: {error.strerror}")
    typer.echo(as_text(report, color=sys.stdout.isatty(), width=_WIDTH))


def _refuse(problem: str) -> NoReturn:
    typer.secho(f"telemetry: {problem}", err=True)
    raise typer.Exit(_USAGE)
