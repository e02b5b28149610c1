"""Read the settings, once, from arguments, the environment and pyproject.toml.

Nobody else reads the environment. `runtime` and `cli` call it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from telemetry.errors import ConfigurationError

from .checks import paths, resource, suggestion
from .settings import Settings, SpanLimits, shown
from .table import RESOURCE_VARIABLE, SETTINGS, Setting

if TYPE_CHECKING:
    from pathlib import Path

Environ = Mapping[str, str]

_OTHER_VARIABLES: Final = frozenset({"TELEMETRY_GATEWAY_TOKEN_FILE", "TELEMETRY_LAUNCHER", "TELEMETRY_PURE"})
_FILES: Final = ("journal", "hash_key_file")
_CARRIER: Final = ("TRACEPARENT", "TRACESTATE", "BAGGAGE")


def read_settings(environ: Environ | None = None, directory: Path | None = None, **arguments: object) -> Settings:
    """Read all settings; the first source that has one gives its value.

    The sources are the arguments, which are named as the fields of `Settings`; `TELEMETRY_*` variables; `OTEL_*`
    variables; `[tool.telemetry]` in the nearest pyproject.toml, from `directory` (by default the working directory)
    upward; and the default. None and the empty string count as not set. Resource attributes of all sources add up.

    Raises:
        ConfigurationError: A value is wrong; it names the argument, the variable, or the file and key. A wrong value
            of an `OTEL_*` variable is ignored with a warning instead, as its specification asks.
    """
    warnings: list[str] = []
    folder = _absolute(directory)
    variables = _variables(os.environ if environ is None else environ, warnings)
    project, table = _project(folder)
    _refuse_unknown(arguments, "argument")
    _refuse_unknown(table, f"{project}: [tool.telemetry]")
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        sources = [(setting.name, arguments.get(setting.name), folder)]
        sources += _sources(setting, variables, project, table, folder)
        found = (value for _, value in _found(setting, sources, warnings))
        if setting.read is resource:
            values[setting.name] = {key: text for part in reversed(list(found)) for key, text in part.items()}
        elif (value := next(found, None)) is not None:
            values[setting.name] = value
    values["limits"] = _limits(values, arguments.get("limits") or table.get("limits"))
    _complete(values)
    return Settings(**values, warnings=tuple(warnings))


def read_origins(environ: Environ | None = None, directory: Path | None = None) -> dict[str, str]:
    """Say where settings have their values from: a variable, or the file and key; the names of the rest are absent.

    Resource attributes add up, so all their sources are named. Arguments are not seen: only the process that calls
    `telemetry.configure` has them.

    Raises:
        ConfigurationError: As `read_settings` does.
    """
    folder = _absolute(directory)
    variables = _variables(os.environ if environ is None else environ, [])
    project, table = _project(folder)
    origins = {}
    for setting in SETTINGS:
        places = [place for place, _ in _found(setting, _sources(setting, variables, project, table, folder), [])]
        if places:
            origins[setting.name] = ", ".join(places) if setting.read is resource else places[0]
    return origins


def carrier(environ: Environ | None = None) -> dict[str, str]:
    """Give the trace context that the parent process left in the environment, under its lower-case header names.

    It is opaque here: nothing is checked or decoded (OpenTelemetry, "Environment variables as context carriers").
    """
    source = os.environ if environ is None else environ
    return {name.lower(): value for name in _CARRIER if (value := source.get(name))}


def child_environment(extra: Mapping[str, str], environ: Environ | None = None) -> dict[str, str]:
    """Copy the environment for a child process, with more variables; the process's own is never changed."""
    return {**(os.environ if environ is None else environ), **extra}


def default_journal(service_name: str, environ: Environ | None = None) -> str:
    """Give the folder for the journals of a service where none is set.

    It is in the session's folder for such files (XDG Base Directory Specification, `XDG_RUNTIME_DIR`), which is memory
    as a rule, or else in the system's for temporary ones, under a name of the user's. Who opens it checks whose it is.
    """
    variables = os.environ if environ is None else environ
    name = re.sub(r"[^\w.-]", "_", service_name).lstrip(".")[:60] or "python"
    session = variables.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(session) and os.access(session, os.W_OK):
        return os.path.join(session, "telemetry", name)
    return os.path.join(variables.get("TMPDIR") or "/tmp", f"telemetry-{os.geteuid()}", name)  # noqa: S108


def _sources(
    setting: Setting, variables: Environ, project: str, table: Mapping[str, object], folder: str
) -> list[tuple[str, object, str]]:
    sources: list[tuple[str, object, str]] = [(name, variables.get(name), folder) for name in setting.variables]
    return [*sources, (f"{project}: {setting.name}", table.get(setting.name), os.path.dirname(project))]


def _found(
    setting: Setting, sources: Iterable[tuple[str, object, str]], warnings: list[str]
) -> Iterator[tuple[str, Any]]:
    for place, raw, folder in sources:
        if raw is None or raw == "":
            continue
        try:
            value = setting.read(raw)
        except ValueError as error:
            problem = f"{place}={shown(raw)}: {error}"
            if not place.startswith("OTEL_"):
                raise ConfigurationError(f"{problem}; correct it, or leave it out") from None
            warnings.append(f"{problem}; it is ignored")
        else:
            yield place, _absolute_in(folder, setting, value)


def _absolute_in(folder: str, setting: Setting, value: Any) -> Any:
    if setting.read is paths:
        return tuple(folder / path for path in value)
    if setting.name in _FILES and value is not False:
        return os.path.join(folder, value)
    return value


def _variables(environ: Environ, warnings: list[str]) -> dict[str, str]:
    known = {name for setting in SETTINGS for name in setting.variables} | _OTHER_VARIABLES
    variables = {name: text for name in known if (text := environ.get(name, "").strip())}
    # Kubernetes sets <SERVICE>_PORT in every pod that is beside a service, here one that is called prometheus.
    if variables.get("PROMETHEUS_PORT", "").startswith(("tcp://", "udp://")):
        warnings.append(f"PROMETHEUS_PORT={variables.pop('PROMETHEUS_PORT')!r} is of Kubernetes; it is ignored")
    if "OTEL_CONFIG_FILE" in environ:
        warnings.append("OTEL_CONFIG_FILE is not supported; it is ignored, and the other variables are not")
    if len(variables.get("OTEL_EXPORTER_OTLP_TIMEOUT", "----")) < 3:
        warnings.append("OTEL_EXPORTER_OTLP_TIMEOUT is less than 0.1 seconds: it counts milliseconds, as specified")
    others = sorted(name for name in environ if name.startswith("TELEMETRY_") and name not in known)
    warnings += [
        f"{name} is no setting{hint}; it is ignored" for name in others if (hint := suggestion(name, known, 0.85))
    ]
    with suppress(ValueError):
        attributes = resource(variables.get(RESOURCE_VARIABLE, {}))
        variables.update((f"{RESOURCE_VARIABLE} {key}", text) for key, text in attributes.items())
    return variables


def _project(folder: str) -> tuple[str, Mapping[str, object]]:
    while not os.path.isfile(path := os.path.join(folder, "pyproject.toml")):
        if folder == os.path.dirname(folder):
            return "", {}
        folder = os.path.dirname(folder)
    return path, _tool_table(path)


def _tool_table(path: str) -> Mapping[str, object]:
    try:
        with open(path, "rb") as file:
            content = file.read()
        # 24 ms to import, and most files that are found have nothing for us.
        if b"telemetry" not in content:
            return {}
        import tomllib

        table = tomllib.loads(content.decode())["tool"]["telemetry"]
    except (OSError, KeyError, TypeError):
        return {}
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}; correct it") from None
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{path}: tool.telemetry is no table; write its keys below [tool.telemetry]")
    return table


def _refuse_unknown(names: Iterable[str], place: str) -> None:
    known = {setting.name for setting in SETTINGS} | {"limits"}
    for name in sorted(set(names) - known):
        raise ConfigurationError(f"{place} {name!r} is no setting{suggestion(name, known)}")


def _limits(values: dict[str, Any], given: object) -> SpanLimits:
    parts = {name: values.pop(name) for name in tuple(values) if name.startswith("limits_")}
    if not isinstance(given, SpanLimits | None):
        raise ConfigurationError(f"limits={shown(given)}: must be SpanLimits; files have limits_… keys")
    return given or SpanLimits(**{name.removeprefix("limits_"): value for name, value in parts.items()})


def _complete(values: dict[str, Any]) -> None:
    named = values["resource_attributes"].pop("service.name", None)
    values.setdefault("service_name", named or _main_program())
    values.setdefault("component", values["service_name"])
    values.setdefault("host_kind", "offline" if values.get("environment") == "offline" else "online")
    values.setdefault("console", "console" in values.get("traces_exporter", ()))


def _main_program() -> str:
    path = (getattr(sys, "argv", None) or [""])[0].removesuffix("/__main__.py")
    name = os.path.basename(path).removesuffix(".py")
    return "python" if name in ("", "-", "-c", "-m", "__main__") else name


def _absolute(directory: Path | None) -> str:
    try:
        return os.path.abspath(directory or "")
    except FileNotFoundError:
        return os.sep  # the working directory was removed
