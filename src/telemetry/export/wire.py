"""Send encoded records through the official OTLP exporters, with the settings that those read.

It imports the SDK, protobuf and requests, about 150 ms, or gRPC, about 300; `otlp` opens one when the first record
leaves. Nothing is queued here, and nothing is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, final

from telemetry._hotpath import Chunk, extent
from telemetry.journal import TooLarge, Verdict
from telemetry.signals import FamilySource, Resource, Scope

from .answer import Line
from .courier import ByteCourier, Courier, Delivery, TypeCourier
from .request import Origin, records_request
from .silence import Silence, leave_random_alone

LARGEST: Final = 512 * 1024
"""The most bytes of a request before compression; a single record may have more."""

_SIGNALS: Final = {extent.SPAN: "traces", extent.LOG: "logs"}


@final
class Wire:
    """The three official exporters of one endpoint.

    Args:
        addresses: The full URLs of `traces`, `metrics` and `logs`, or for gRPC the endpoints; for a missing one the
            exporters read the `OTEL_EXPORTER_OTLP_*` variables.
        timeout_seconds: The longest that one request takes.
        resource: Who recorded the metrics.
        scope: What recorded the metrics.
        protocol: `http/protobuf` or `grpc`.
    """

    __slots__ = ("_courier", "_exporters", "_silence")

    def __init__(
        self,
        addresses: Mapping[str, str],
        timeout_seconds: float,
        resource: Resource,
        scope: Scope,
        protocol: str = "http/protobuf",
    ) -> None:
        # What serves one protocol is not loaded for the other.
        if protocol == "grpc":
            from .grpc import exporters, lines
        else:
            from .post import exporters, lines
        leave_random_alone()
        self._exporters = exporters(addresses, timeout_seconds)
        self._silence = Silence()
        self._silence.install()
        self._courier = courier(self._exporters, lines(self._exporters), resource, scope, self._silence)

    def records(self, origin: Origin, kind: int, chunks: Sequence[Chunk]) -> Verdict:
        """Send records of a journal, all of one kind; too many bytes in one request do not leave."""
        request = records_request(chunks, origin)
        if len(request) > LARGEST and sum(len(chunk.flags) for chunk in chunks) > 1:
            return TooLarge(f"{len(request)} bytes in one request")
        return self.request(_SIGNALS[kind], request)

    def request(self, signal: str, request: bytes) -> Verdict:
        """Send an encoded request of `traces`, `metrics` or `logs`."""
        return self._send(self._courier.request(signal, request))

    def metrics(self, source: FamilySource) -> Verdict | None:
        """Send the current state of all metrics; None where there was nothing to send."""
        delivery = self._courier.metrics(source)
        return None if delivery is None else self._send(delivery)

    def close(self) -> None:
        """Interrupt what can be interrupted, in whatever thread, and close the connections."""
        for exporter in self._exporters.values():
            with suppress(Exception), self._silence.around_export():
                exporter.shutdown()
        self._silence.remove()

    def forget(self) -> None:
        """Let go of the loggers in a forked child, and leave the parent's connections alone."""
        self._silence.forget()

    def _send(self, delivery: Delivery) -> Verdict:
        with self._silence.around_export():
            return delivery()


def courier(
    exporters: Mapping[str, Any], lines: Mapping[str, Line] | None, resource: Resource, scope: Scope, silence: Silence
) -> Courier:
    """Choose how records reach the exporters: as bytes, where their release has a transport that takes some."""
    if lines is None:
        return TypeCourier(exporters, resource, scope, lambda: silence.complaint)
    return ByteCourier(lines, resource, scope)
