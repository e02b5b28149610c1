"""`telemetry doctor`: what is installed, set and in use here, and whether the engines around it work."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Annotated, Any, Final

import typer

from telemetry._hotpath import REASON, TWIN
from telemetry.errors import ConfigurationError
from telemetry.version import VERSION

from .place import Place, place_of_journals
from .settings_in_force import SettingInForce, settings_in_force

_LIBRARIES = (
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp",
    "prometheus-client",
    "structlog",
    "wrapt",
)
_FAILED: Final = 1


def doctor(
    *,
    checks: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            metavar="NAME=URL",
            envvar="TELEMETRY_DOCTOR_CHECKS",
            help="Examine an engine: prometheus, victoriametrics, victorialogs, victoriatraces, grafana, alertmanager, "
            "collector, fluentbit, fluentbit-input. Repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")] = False,
) -> None:
    """Say what is in use here, which settings are in force and why; and examine the engines that you name.

    To each engine something marked is sent, and read back by its mark, within 10 seconds. Exit code 0 when all is well,
    1 when an engine failed, 2 on bad usage.
    """
    examined = _examined(checks or ())
    found = dict(_findings())
    settings, problem = _settings()
    if as_json:
        import json

        content: dict[str, Any] = {**found, "settings": [asdict(each) for each in settings], "problem": problem}
        content["checks"] = [asdict(each) for each in examined]
        typer.echo(json.dumps(content, indent=2, default=asdict))
    else:
        _show(found, settings, problem, examined)
    if any(each.problem for each in examined):
        raise typer.Exit(_FAILED)


def _findings() -> Iterator[tuple[str, str | Place]]:
    yield "telemetry", VERSION
    yield "python", f"{platform.python_implementation()} {platform.python_version()} on {platform.machine()}"
    yield "hot path", f"{TWIN} ({REASON})" if REASON else TWIN
    yield "journal", place_of_journals()
    for name in _LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, "not installed"


def _settings() -> tuple[list[SettingInForce], str]:
    try:
        return settings_in_force(), ""
    except ConfigurationError as error:
        return [], str(error)


def _show(found: dict[str, Any], settings: Sequence[SettingInForce], problem: str, examined: Sequence[Any]) -> None:
    rows = [(name, str(value)) for name, value in found.items()]
    set_ones = [each for each in settings if not each.is_default]
    rows += [(f"setting {each.name}", f"{each.value} (from {each.origin})") for each in set_ones]
    defaults = f"{len(settings) - len(set_ones)} have their defaults; --json shows them"
    rows.append(("settings", problem or defaults))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {value}")
    for each in examined:
        verdict = f"FAILED: {each.problem}" if each.problem else "ok"
        typer.echo(f"{each.subject} ({each.url}, {each.seconds:.1f} s): {verdict}")
        if each.remedy:
            typer.echo(f"    {each.remedy}")


def _examined(checks: Sequence[str]) -> Sequence[Any]:
    if not checks:
        return ()
    from .folders import refuse

    try:
        from telemetry.operations.doctor import examine, parse_target
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed: pip install 'telemetry[operations]'")
    try:
        targets = [parse_target(each) for each in checks]
    except ValueError as error:
        refuse(f"--check: {error}")
    return examine(targets)
