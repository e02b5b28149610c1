"""The settings: read once from arguments, the environment and pyproject.toml, then passed on.

The only module that reads the environment. `runtime` and `cli` call `read_settings`; nothing here acts on a setting.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, final, get_args

from telemetry.errors import ConfigurationError
from telemetry.signals import Severity

if TYPE_CHECKING:
    from pathlib import Path

Environ = Mapping[str, str]
Environment = Literal["development", "staging", "production", "online", "offline"]
Switch = Literal["true", "false", "1", "0", "yes", "no", "on", "off"]
HostKind = Literal["online", "offline"]
WorkspaceTier = Literal["free", "team", "enterprise"]
LogFormat = Literal["auto", "console", "json"]
Exporter = Literal["otlp", "console", "prometheus"]
Protocol = Literal["http/protobuf", "http/json", "grpc"]
RootSampler = Literal["always_on", "always_off", "traceidratio"]
ParentSampler = Literal["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"]
Sampler = Literal[RootSampler, ParentSampler]


@final
@dataclass(frozen=True, slots=True)
class SpanLimits:
    """How much one span holds; the rest is dropped and counted (OpenTelemetry SDK, "Span limits").

    `attribute_value_length` is for the attributes of spans, `detail_value_length` for those of their events and links.
    """

    attribute_count: int = 128
    attribute_value_length: int | None = None
    detail_value_length: int | None = None
    event_count: int = 128
    link_count: int = 128
    event_attribute_count: int = 128
    link_attribute_count: int = 128


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. `SETTINGS` says where each one is read from.

    An empty tuple of exporters stands for `none`.

    Attributes:
        warnings: What was ignored while reading, one sentence each; two settings may be equal in spite of it.

    >>> Settings(environment="staging").difference(Settings())
    "environment: 'staging' is not 'development'"
    """

    service_name: str = "python"
    resource_attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    environment: Environment = "development"
    registry: tuple[Path, ...] = ()
    endpoint: str | None = None
    traces_endpoint: str | None = None
    metrics_endpoint: str | None = None
    logs_endpoint: str | None = None
    protocol: Protocol = "http/protobuf"
    export_timeout_ms: int = 10000
    prometheus_port: int | None = None
    prometheus_host: str = "127.0.0.1"
    host_region: str = "unknown"
    workspace_tier: WorkspaceTier | None = None
    host_kind: HostKind = "online"
    run_id: str | None = None
    organization_slug: str = "unknown"
    component: str = "python"
    log_format: LogFormat = "auto"
    log_level: Severity = "info"
    console: bool = False
    disabled: bool = False
    sampler: Sampler = "parentbased_always_on"
    sampler_arg: float = 1.0
    traces_exporter: tuple[Exporter, ...] = ("otlp",)
    metrics_exporter: tuple[Exporter, ...] = ("otlp",)
    logs_exporter: tuple[Exporter, ...] = ("otlp",)
    limits: SpanLimits = SpanLimits()
    batch_delay_ms: int = 5000
    batch_queue_size: int = 2048
    batch_size: int = 512
    metric_export_interval_ms: int = 5000
    shutdown_timeout_seconds: float = 1.0
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def difference(self, other: Settings) -> str:
        """Name the settings that differ from the other's, with both values; empty when the two are equal."""
        names = [item.name for item in fields(self) if item.compare]
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return ", ".join(f"{name}: {_shown(one)} is not {_shown(two)}" for name, one, two in pairs if one != two)


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.isprintable():
        raise ValueError("must be a line of text")
    return raw


def _one_of(literal: Any) -> Callable[[object], str]:
    options = get_args(literal)

    def read(raw: object) -> str:
        text = raw.strip().lower() if isinstance(raw, str) else ""
        if text not in options:
            raise ValueError(f"must be one of {', '.join(options)}{_suggestion(text, options)}")
        return text

    return read


def _some_of(literal: Any) -> Callable[[object], tuple[str, ...]]:
    one_of = _one_of(Literal[literal, "none"])

    def read(raw: object) -> tuple[str, ...]:
        parts = raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, Sequence) else (raw,)
        found = tuple(dict.fromkeys(map(one_of, parts)))
        return () if "none" in found else found

    return read


def _number(kind: type[int | float], low: int, high: float = inf) -> Callable[[object], float]:
    limits = f"{low} or more" if high == inf else f"{low} to {high}"

    def read(raw: object) -> float:
        # A bool is an int in Python, and a float is not to be cut down to one.
        value = raw if isinstance(raw, kind | int) and not isinstance(raw, bool) else None
        if isinstance(raw, str):
            with suppress(ValueError):
                value = kind(raw)
        if value is None or not low <= value <= high:
            raise ValueError(f"must be a {'whole ' * (kind is int)}number, {limits}")
        return value

    return read


def _switch(literal: Any) -> Callable[[object], bool]:
    one_of = _one_of(literal)
    return lambda raw: one_of(str(raw)) in ("true", "1", "yes", "on")


def _url(raw: object) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(_text(raw))
    is_http = parts.scheme in ("http", "https") and parts.hostname
    if not is_http or " " in parts.netloc + parts.path or parts.port == 0:
        raise ValueError("must be an http or https URL, such as http://127.0.0.1:4318")
    return parts.geturl()


def _paths(raw: object) -> tuple[Path, ...]:
    from pathlib import Path

    parts = raw.split(os.pathsep) if isinstance(raw, str) else [raw] if isinstance(raw, os.PathLike) else raw
    if not isinstance(parts, Sequence) or not all(isinstance(part, str | os.PathLike) for part in parts):
        raise ValueError(f"must be a list of files (in one string, with {os.pathsep!r} between them)")
    return tuple(Path(part) for part in parts if part != "")


def _resource(raw: object) -> Mapping[str, str]:
    if isinstance(raw, Mapping):
        return {_text(key): _text(value) for key, value in raw.items()}
    from urllib.parse import unquote

    pairs = [member.partition("=") for member in _text(raw).split(",") if member.strip()]
    if not all(equals and key.strip() for key, equals, _ in pairs):
        raise ValueError("must be a list of key=value, with a comma between them")
    return {unquote(key.strip(), errors="strict"): unquote(text.strip(), errors="strict") for key, _, text in pairs}


class Setting(NamedTuple):
    """Where a setting is read: its name, the check of its value, and its variables, strongest first."""

    name: str
    read: Callable[[object], object]
    variables: tuple[str, ...]


_ATTR: Final = "OTEL_RESOURCE_ATTRIBUTES"
_EXPORTERS: Final = _some_of(Exporter)
_LIMIT: Final = _number(int, 0)
_LENGTHS: Final = ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")

SETTINGS: Final = (
    Setting("resource_attributes", _resource, (_ATTR,)),
    Setting("service_name", _text, ("OTEL_SERVICE_NAME", f"{_ATTR} service.name")),
    Setting("environment", _one_of(Environment), ("TELEMETRY_ENVIRONMENT", f"{_ATTR} deployment.environment.name")),
    Setting("registry", _paths, ("TELEMETRY_REGISTRY",)),
    Setting("endpoint", _url, ("TELEMETRY_EXPORTER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")),
    Setting("traces_endpoint", _url, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",)),
    Setting("metrics_endpoint", _url, ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",)),
    Setting("logs_endpoint", _url, ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",)),
    Setting("protocol", _one_of(Protocol), ("OTEL_EXPORTER_OTLP_PROTOCOL",)),
    Setting("export_timeout_ms", _number(int, 1), ("OTEL_EXPORTER_OTLP_TIMEOUT",)),
    Setting("prometheus_port", _number(int, 0, 65535), ("PROMETHEUS_PORT", "OTEL_EXPORTER_PROMETHEUS_PORT")),
    Setting("prometheus_host", _text, ("OTEL_EXPORTER_PROMETHEUS_HOST",)),
    Setting("host_region", _text, ("TELEMETRY_HOST_REGION", f"{_ATTR} cloud.region")),
    Setting("workspace_tier", _one_of(WorkspaceTier), ("TELEMETRY_WORKSPACE_TIER",)),
    Setting("host_kind", _one_of(HostKind), ("TELEMETRY_HOST_KIND",)),
    Setting("run_id", _text, ("TELEMETRY_RUN_ID",)),
    Setting("organization_slug", _text, ("TELEMETRY_ORGANIZATION_SLUG",)),
    Setting("component", _text, ("TELEMETRY_COMPONENT",)),
    Setting("log_format", _one_of(LogFormat), ("TELEMETRY_LOG_FORMAT",)),
    Setting("log_level", _one_of(Severity), ("TELEMETRY_LOG_LEVEL",)),
    Setting("console", _switch(Switch), ("TELEMETRY_CONSOLE",)),
    Setting("disabled", _switch(Literal["true", "false"]), ("OTEL_SDK_DISABLED",)),
    Setting("sampler", _one_of(Sampler), ("OTEL_TRACES_SAMPLER",)),
    Setting("sampler_arg", _number(float, 0, 1), ("OTEL_TRACES_SAMPLER_ARG",)),
    Setting("traces_exporter", _EXPORTERS, ("OTEL_TRACES_EXPORTER",)),
    Setting("metrics_exporter", _EXPORTERS, ("OTEL_METRICS_EXPORTER",)),
    Setting("logs_exporter", _EXPORTERS, ("OTEL_LOGS_EXPORTER",)),
    Setting("limits_attribute_count", _LIMIT, ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")),
    Setting("limits_attribute_value_length", _LIMIT, _LENGTHS),
    Setting("limits_detail_value_length", _LIMIT, ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",)),
    Setting("limits_event_count", _LIMIT, ("OTEL_SPAN_EVENT_COUNT_LIMIT",)),
    Setting("limits_link_count", _LIMIT, ("OTEL_SPAN_LINK_COUNT_LIMIT",)),
    Setting("limits_event_attribute_count", _LIMIT, ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")),
    Setting("limits_link_attribute_count", _LIMIT, ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")),
    Setting("batch_delay_ms", _number(int, 0), ("OTEL_BSP_SCHEDULE_DELAY",)),
    Setting("batch_queue_size", _number(int, 1), ("OTEL_BSP_MAX_QUEUE_SIZE",)),
    Setting("batch_size", _number(int, 1), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE",)),
    Setting("metric_export_interval_ms", _number(int, 1), ("OTEL_METRIC_EXPORT_INTERVAL",)),
    Setting("shutdown_timeout_seconds", _number(float, 0, 3600), ("TELEMETRY_SHUTDOWN_TIMEOUT_SECONDS",)),
)
"""All settings, in the order of the documentation."""

_OTHER_VARIABLES: Final = frozenset({"TELEMETRY_PURE", "TELEMETRY_JOURNAL"})
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
        sources += [(name, variables.get(name), folder) for name in setting.variables]
        sources += [(f"{project}: {setting.name}", table.get(setting.name), os.path.dirname(project))]
        found = _found(setting, sources, warnings)
        if setting.read is _resource:
            values[setting.name] = {key: text for part in reversed(list(found)) for key, text in part.items()}
        elif (value := next(found, None)) is not None:
            values[setting.name] = value
    values["limits"] = _limits(values, arguments.get("limits") or table.get("limits"))
    _complete(values)
    return Settings(**values, warnings=tuple(warnings))


def carrier(environ: Environ | None = None) -> dict[str, str]:
    """Give the trace context that the parent process left in the environment, under its lower-case header names.

    It is opaque here: nothing is checked or decoded (OpenTelemetry, "Environment variables as context carriers").
    """
    source = os.environ if environ is None else environ
    return {name.lower(): value for name in _CARRIER if (value := source.get(name))}


def child_environment(extra: Mapping[str, str], environ: Environ | None = None) -> dict[str, str]:
    """Copy the environment for a child process, with more variables; the process's own is never changed."""
    return {**(os.environ if environ is None else environ), **extra}


def _found(setting: Setting, sources: Iterable[tuple[str, object, str]], warnings: list[str]) -> Iterator[Any]:
    for place, raw, folder in sources:
        if raw is None or raw == "":
            continue
        try:
            value = setting.read(raw)
        except ValueError as error:
            problem = f"{place}={_shown(raw)}: {error}"
            if not place.startswith("OTEL_"):
                raise ConfigurationError(f"{problem}; correct it, or leave it out") from None
            warnings.append(f"{problem}; it is ignored")
        else:
            yield tuple(folder / path for path in value) if setting.read is _paths else value  # type: ignore[attr-defined]


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
        f"{name} is no setting{hint}; it is ignored" for name in others if (hint := _suggestion(name, known, 0.85))
    ]
    with suppress(ValueError):
        attributes = _resource(variables.get(_ATTR, {}))
        variables.update((f"{_ATTR} {key}", text) for key, text in attributes.items())
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
    except ValueError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}; correct it") from None
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{path}: tool.telemetry is no table; write its keys below [tool.telemetry]")
    return table


def _refuse_unknown(names: Iterable[str], place: str) -> None:
    known = {setting.name for setting in SETTINGS} | {"limits"}
    for name in sorted(set(names) - known):
        raise ConfigurationError(f"{place} {name!r} is no setting{_suggestion(name, known)}")


def _limits(values: dict[str, Any], given: object) -> SpanLimits:
    parts = {name: values.pop(name) for name in tuple(values) if name.startswith("limits_")}
    if not isinstance(given, SpanLimits | None):
        raise ConfigurationError(f"limits={_shown(given)}: must be SpanLimits; files have limits_… keys")
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


def _shown(value: object) -> str:
    # A URL may hold a password, and what is shown ends up in logs.
    return re.sub("//[^/]*@", "//***@", repr(value))[:200]


def _suggestion(name: str, known: Iterable[str], likeness: float = 0.55) -> str:
    from difflib import get_close_matches

    closest = get_close_matches(name, sorted(known), n=1, cutoff=likeness)
    return f" (did you mean {closest[0]!r}?)" if closest else ""
