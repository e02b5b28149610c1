"""The table of all settings: what each is called, how it is checked, and where it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from telemetry.signals import Severity

from .checks import folder, number, one_of, path, paths, resource, some_of, switch, text, url
from .settings import Environment, Exporter, HostKind, Incoming, LogFormat, Protocol, Sampler, Switch, WorkspaceTier
from .structures import names, rules, shares, tables


class Setting(NamedTuple):
    """Where a setting is read: its name, the check of its value, and its variables, strongest first."""

    name: str
    read: Callable[[object], object]
    variables: tuple[str, ...]


RESOURCE_VARIABLE: Final = "OTEL_RESOURCE_ATTRIBUTES"
_ATTR: Final = RESOURCE_VARIABLE
_EXPORTERS: Final = some_of(Exporter)
_LIMIT: Final = number(int, 0)
_LENGTHS: Final = (
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
)

SETTINGS: Final = (
    Setting("resource_attributes", resource, (_ATTR,)),
    Setting("service_name", text, ("OTEL_SERVICE_NAME", f"{_ATTR} service.name")),
    Setting(
        "environment",
        one_of(Environment),
        ("TELEMETRY_ENVIRONMENT", f"{_ATTR} deployment.environment.name"),
    ),
    Setting("registry", paths, ("TELEMETRY_REGISTRY",)),
    Setting("endpoint", url, ("TELEMETRY_EXPORTER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")),
    Setting("traces_endpoint", url, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",)),
    Setting("metrics_endpoint", url, ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",)),
    Setting("logs_endpoint", url, ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",)),
    Setting("protocol", one_of(Protocol), ("OTEL_EXPORTER_OTLP_PROTOCOL",)),
    Setting("export_timeout_ms", number(int, 1), ("OTEL_EXPORTER_OTLP_TIMEOUT",)),
    Setting("prometheus_port", number(int, 0, 65535), ("PROMETHEUS_PORT", "OTEL_EXPORTER_PROMETHEUS_PORT")),
    Setting("prometheus_host", text, ("OTEL_EXPORTER_PROMETHEUS_HOST",)),
    Setting("host_region", text, ("TELEMETRY_HOST_REGION", f"{_ATTR} cloud.region")),
    Setting("workspace_tier", one_of(WorkspaceTier), ("TELEMETRY_WORKSPACE_TIER",)),
    Setting("host_kind", one_of(HostKind), ("TELEMETRY_HOST_KIND",)),
    Setting("dataset_version", text, ("TELEMETRY_DATASET_VERSION",)),
    Setting("model_version", text, ("TELEMETRY_MODEL_VERSION",)),
    Setting("run_id", text, ("TELEMETRY_RUN_ID",)),
    Setting("journal", folder, ("TELEMETRY_JOURNAL",)),
    Setting("journal_bytes", number(int, 1 << 20, 1 << 32), ("TELEMETRY_JOURNAL_BYTES",)),
    Setting("overhead_budget_percent", number(float, 0, 100), ("TELEMETRY_OVERHEAD_BUDGET_PERCENT",)),
    Setting("self_telemetry", switch(Switch), ("TELEMETRY_SELF_TELEMETRY",)),
    Setting("show_hidden_metrics", switch(Switch), ("TELEMETRY_SHOW_HIDDEN_METRICS",)),
    Setting("organization_slug", text, ("TELEMETRY_ORGANIZATION_SLUG",)),
    Setting("component", text, ("TELEMETRY_COMPONENT",)),
    Setting("log_format", one_of(LogFormat), ("TELEMETRY_LOG_FORMAT",)),
    Setting("log_level", one_of(Severity), ("TELEMETRY_LOG_LEVEL",)),
    Setting("console", switch(Switch), ("TELEMETRY_CONSOLE",)),
    Setting("disabled", switch(Literal["true", "false"]), ("OTEL_SDK_DISABLED",)),
    Setting("sampler", one_of(Sampler), ("OTEL_TRACES_SAMPLER",)),
    Setting("sampler_arg", number(float, 0, 1), ("OTEL_TRACES_SAMPLER_ARG",)),
    Setting("sampling_rules", rules, ("TELEMETRY_SAMPLING_RULES",)),
    Setting("keep_failures", switch(Switch), ("TELEMETRY_KEEP_FAILURES",)),
    Setting("keep_slower_than_ms", number(float, 0), ("TELEMETRY_KEEP_SLOWER_THAN_MS",)),
    Setting("undecided_bytes", number(int, 1 << 16, 1 << 30), ("TELEMETRY_UNDECIDED_BYTES",)),
    Setting("flags", shares, ("TELEMETRY_FLAGS",)),
    Setting("propagators", names, ("OTEL_PROPAGATORS",)),
    Setting("baggage_keys", names, ("TELEMETRY_BAGGAGE_KEYS",)),
    Setting("incoming", one_of(Incoming), ("TELEMETRY_INCOMING",)),
    Setting("hash_key_file", path, ("TELEMETRY_HASH_KEY_FILE",)),
    Setting("patch_stdlib", switch(Switch), ("TELEMETRY_PATCH_STDLIB",)),
    Setting("targets", tables, ("TELEMETRY_TARGETS",)),
    Setting("traces_exporter", _EXPORTERS, ("OTEL_TRACES_EXPORTER",)),
    Setting("metrics_exporter", _EXPORTERS, ("OTEL_METRICS_EXPORTER",)),
    Setting("logs_exporter", _EXPORTERS, ("OTEL_LOGS_EXPORTER",)),
    Setting(
        "limits_attribute_count",
        _LIMIT,
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    ),
    Setting("limits_attribute_value_length", _LIMIT, _LENGTHS),
    Setting("limits_detail_value_length", _LIMIT, ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",)),
    Setting("limits_event_count", _LIMIT, ("OTEL_SPAN_EVENT_COUNT_LIMIT",)),
    Setting("limits_link_count", _LIMIT, ("OTEL_SPAN_LINK_COUNT_LIMIT",)),
    Setting(
        "limits_event_attribute_count",
        _LIMIT,
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    ),
    Setting(
        "limits_link_attribute_count",
        _LIMIT,
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    ),
    Setting("batch_delay_ms", number(int, 0), ("OTEL_BSP_SCHEDULE_DELAY",)),
    Setting("batch_queue_size", number(int, 1), ("OTEL_BSP_MAX_QUEUE_SIZE",)),
    Setting("batch_size", number(int, 1), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE",)),
    Setting("metric_export_interval_ms", number(int, 1), ("OTEL_METRIC_EXPORT_INTERVAL",)),
    Setting("shutdown_timeout_seconds", number(float, 0, 3600), ("TELEMETRY_SHUTDOWN_TIMEOUT_SECONDS",)),
)
"""All settings, in the order of the documentation."""
