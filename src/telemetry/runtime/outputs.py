"""The ways out of one runtime: OTLP, the scrape endpoint, the console; all off until set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

from telemetry._hotpath import Region, Ring, extent
from telemetry.config import Settings
from telemetry.signals import FamilySource, LogSink, Resource, SpanSink
from telemetry.version import VERSION

from .lines import Lines

if TYPE_CHECKING:
    from telemetry.export import ExportWorker

    from .stopwatch import Stopwatch

_SIGNALS = ("traces", "metrics", "logs")
_KINDS = {"traces": extent.SPAN, "logs": extent.LOG}


@final
class Outputs:
    """What the settings ask for, opened and closed together.

    Attributes:
        span_sinks: Where span records go in this process.
        port: The port of the scrape endpoint, once it is open.
        stopwatch: Times what is sent; None where nothing is.
    """

    _lost: Mapping[str, int] = {}

    def __init__(self, settings: Settings, resource: Resource, source: FamilySource, region: Region) -> None:
        self._settings = settings
        self._source = source
        self._region = region
        self.stopwatch = _exporter(settings, resource)
        self._worker = self.stopwatch and _worker(settings, self.stopwatch, source, region)
        self._server: Any = None
        self._neighbour: Any = None
        self.port: int | None = None
        self.span_sinks: tuple[SpanSink, ...] = ()
        if settings.console:
            from .console import ConsoleTree

            self.span_sinks = (ConsoleTree(),)

    @property
    def ships(self) -> bool:
        """Whether records leave out of the region, so that it has to keep them until they have."""
        return self._worker is not None and any(_is_sent(signal, self._settings) for signal in _KINDS)

    @property
    def pushes(self) -> bool:
        """Whether metrics leave with each flush, which reads them then."""
        return self._worker is not None and _is_sent("metrics", self._settings)

    def lines(self, ring: Ring) -> tuple[LogSink, ...]:
        """Give what writes log records into the ring; nothing where nobody would read them there."""
        is_read = self._region.is_file or (self._worker is not None and _is_sent("logs", self._settings))
        return (Lines(ring),) if is_read else ()

    def wake(self) -> None:
        """Ship now: a segment is full. It neither waits nor raises."""
        if self._worker is not None:
            self._worker.wake()

    def belong_to(self, resource: Resource) -> None:
        """Send metrics as those of another process: a forked child."""
        if self.stopwatch is not None:
            self.stopwatch.belong_to(resource)

    def open(self) -> None:
        """Listen, and start what sends.

        Raises:
            PortInUseError: Somebody else listens on the port.
        """
        if self._settings.prometheus_port is not None:
            from telemetry.export.neighbour import install
            from telemetry.export.scrape import ScrapeServer

            from . import vitals  # noqa: F401 -- not first in a thread: a child forked meanwhile could not import it

            self._server = ScrapeServer(self._source, self._settings.prometheus_host, self._settings.prometheus_port)
            self.port = self._server.port
            self._neighbour = install(self._source)
        if self._worker is not None:
            self._worker.start()

    def flush(self, timeout_seconds: float) -> bool:
        """Send what waits; tell whether it arrived in time."""
        return self._worker is None or self._worker.flush(timeout_seconds)

    def close(self, deadline_seconds: float) -> bool:
        """Send what waits within the deadline, and close everything; tell whether it all arrived."""
        worker, self._worker = self._worker, None
        arrived = worker is None or worker.shutdown(deadline_seconds)
        if worker is not None:
            self._lost = worker.losses()
        if self._neighbour is not None:
            self._neighbour.remove()
            self._neighbour = None
        if self._server is not None:
            self._server.close()
            self._server = self.port = None
        return arrived

    def losses(self) -> Mapping[str, int]:
        """Give what could not be sent, by reason."""
        return self._lost if self._worker is None else self._worker.losses()


def _exporter(settings: Settings, resource: Resource) -> Stopwatch | None:
    if not any(_is_sent(signal, settings) for signal in _SIGNALS):
        return None
    from telemetry.export.otlp import OtlpExporter

    from .stopwatch import Stopwatch

    exporter = OtlpExporter(
        settings.endpoint,
        resource,
        scope=("telemetry", VERSION),
        endpoints={signal: url for signal in _SIGNALS if (url := _own_endpoint(signal, settings)) is not None},
        timeout_seconds=settings.export_timeout_ms / 1000,
        protocol=settings.protocol,
    )
    return Stopwatch(exporter, _load_vitals)


def _load_vitals() -> None:
    from . import vitals  # noqa: F401


def _worker(settings: Settings, exporter: Stopwatch, source: FamilySource, region: Region) -> ExportWorker:
    from telemetry.export import ExportWorker, Schedule

    schedule = Schedule(
        batch_size=settings.batch_size,
        delay_seconds=settings.batch_delay_ms / 1000,
        metrics_seconds=settings.metric_export_interval_ms / 1000,
    )
    kinds = frozenset(kind for signal, kind in _KINDS.items() if _is_sent(signal, settings))
    pushed = source if _is_sent("metrics", settings) else None
    return ExportWorker(exporter, region, pushed, kinds=kinds, schedule=schedule)


def _is_sent(signal: str, settings: Settings) -> bool:
    """Tell whether a signal leaves by OTLP: it has an endpoint, and its exporter was not set to something else."""
    has_endpoint = settings.endpoint is not None or _own_endpoint(signal, settings) is not None
    return has_endpoint and "otlp" in getattr(settings, f"{signal}_exporter")


def _own_endpoint(signal: str, settings: Settings) -> str | None:
    endpoint: str | None = getattr(settings, f"{signal}_endpoint")
    return endpoint
