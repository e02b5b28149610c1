"""What can be set, as the rest of the package sees it: checked, and complete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, final

from telemetry.signals import Severity

if TYPE_CHECKING:
    from pathlib import Path

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
Incoming = Literal["continue", "link", "refuse"]


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
class SamplingRule:
    """What becomes of the traces whose first span here fits; patterns are those of a shell (`fnmatch`).

    Attributes:
        name: The pattern of the span's name.
        attributes: Patterns of attributes that it must have at its start.
        ratio: The share of the traces that is kept, from 0 to 1.
        per_second: The most traces that are kept in a second; None is no limit.
    """

    name: str = "*"
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    ratio: float = 1.0
    per_second: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. `SETTINGS` says where each one is read from.

    An empty tuple of exporters or propagators stands for `none`. `journal` is a folder, False for memory that ends with
    the process, or None for what `default_journal` gives; `journal_bytes` bounds what waits there to be sent. `flags`
    has shares of traces by patterns of span names, `baggage_keys` patterns of what may leave the process.

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
    dataset_version: str | None = None
    model_version: str | None = None
    run_id: str | None = None
    journal: str | Literal[False] | None = None
    journal_bytes: int = 32 * 1024 * 1024
    overhead_budget_percent: float | None = None
    self_telemetry: bool = True
    show_hidden_metrics: bool = False
    organization_slug: str = "unknown"
    component: str = "python"
    log_format: LogFormat = "auto"
    log_level: Severity = "info"
    console: bool = False
    disabled: bool = False
    sampler: Sampler = "parentbased_always_on"
    sampler_arg: float = 1.0
    sampling_rules: tuple[SamplingRule, ...] = ()
    keep_failures: bool = False
    keep_slower_than_ms: float | None = None
    undecided_bytes: int = 1024 * 1024
    flags: Mapping[str, float] = field(default_factory=dict, hash=False)
    propagators: tuple[str, ...] = ("tracecontext", "baggage")
    baggage_keys: tuple[str, ...] = ()
    incoming: Incoming = "continue"
    hash_key_file: str | None = None
    patch_stdlib: bool = False
    targets: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
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
        return ", ".join(f"{name}: {shown(one)} is not {shown(two)}" for name, one, two in pairs if one != two)


def shown(value: object) -> str:
    """Write a value for a message: a URL may hold a password, and what is shown ends up in logs."""
    return re.sub("//[^/]*@", "//***@", repr(value))[:200]
