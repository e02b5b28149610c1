"""Hand encoded requests to the official exporters' transports, or decoded to the exporters.

It opens nothing and keeps no silence: `wire` makes one for its exporters, and calls what it prepares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, final

from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry._hotpath import protobuf
from telemetry.journal import Again, Refused, Taken, Verdict
from telemetry.signals import FamilySource, Resource, Scope
from telemetry.tracing import decoded

from .answer import Line
from .encoder import MetricsEncoder, encoder
from .points import as_metrics_data, without_summaries
from .translation import FinishedSpan, as_log, as_resource, as_scope
from .unpacking import Group, groups, log_records

Delivery = Callable[[], Verdict]
"""Sends what was prepared; it calls nothing of the application."""


class Courier(Protocol):
    """Prepares deliveries."""

    def request(self, signal: str, request: bytes) -> Delivery:
        """Prepare to send an encoded request of `traces`, `metrics` or `logs`."""

    def metrics(self, source: FamilySource) -> Delivery | None:
        """Take a snapshot, and prepare to send it; None where no metric has a series."""


@final
class ByteCourier:
    """Gives whole requests to the transports of the exporters, past the SDK's types and encoders."""

    __slots__ = ("_encoder", "_lines", "_resource", "_scope", "_source")

    def __init__(self, lines: Mapping[str, Line], resource: Resource, scope: Scope) -> None:
        self._lines = lines
        self._scope = protobuf.scope(scope)
        self._resource = protobuf.attributes(0x0A, as_resource(resource).attributes)
        self._source: FamilySource | None = None
        self._encoder: MetricsEncoder

    def request(self, signal: str, request: bytes) -> Delivery:
        """Prepare to send a request as it is."""
        return partial(self._lines[signal], request)

    def metrics(self, source: FamilySource) -> Delivery | None:
        """Encode a snapshot, from its pages where the source has some, and prepare to send it."""
        if source is not self._source:
            self._encoder = encoder(source, self._resource, self._scope)
            self._source = source
        request = self._encoder.encode_metrics()
        return partial(self._lines["metrics"], request) if request else None


@final
class TypeCourier:
    """Gives the SDK's own types to the exporters, which encode them: slower, and public.

    Such an exporter tells no more than whether the endpoint took what it got, after trying again by itself.

    Args:
        exporters: By the names of the signals.
        resource: Who recorded metrics; requests bring their own.
        scope: What recorded metrics.
        complaint: Gives what an exporter logged about its last failure.
    """

    __slots__ = ("_complaint", "_exporters", "_resource", "_scope")

    def __init__(
        self, exporters: Mapping[str, Any], resource: Resource, scope: Scope, complaint: Callable[[], str]
    ) -> None:
        self._exporters = exporters
        self._complaint = complaint
        self._resource = as_resource(resource)
        self._scope = InstrumentationScope(scope.name, scope.version)

    def request(self, signal: str, request: bytes) -> Delivery:
        """Prepare to send the records of a request, decoded again; metrics cannot be."""
        if signal == "metrics":
            return partial(Refused, "this release of the exporters takes no encoded metrics")
        parts = spans_of if signal == "traces" else logs_of
        return partial(self._export, signal, [part for group in groups(request) for part in parts(group)])

    def metrics(self, source: FamilySource) -> Delivery | None:
        """Take a snapshot, and prepare to send it; a summary, for which there is no type, as gauges and sums."""
        held = without_summaries(family for family in source.families() if family.series)
        return partial(self._export, "metrics", as_metrics_data(held, self._resource, self._scope)) if held else None

    def _export(self, signal: str, what: Any) -> Verdict:
        # The results of the three signals are enumerations of their own, with a member of this name each.
        if self._exporters[signal].export(what).name == "SUCCESS":
            return Taken()
        return Again(self._complaint() or "the exporter gave no reason")


def spans_of(group: Group) -> Sequence[FinishedSpan]:
    """Decode spans into the SDK's type."""
    resource, scope = SdkResource(group.resource), as_scope(group.scope)
    return [FinishedSpan(record, resource, scope) for record in decoded([(None, 0, group.payload)])]


def logs_of(group: Group) -> Sequence[Any]:
    """Decode log records into the SDK's type."""
    resource, scope = SdkResource(group.resource), as_scope(group.scope)
    return [as_log(record, resource, scope) for record in log_records(group.payload)]
