"""`TelemetryDispatcher`: the runtime object, which holds the registry, the metrics and every way out.

Recorders and exporters meet here and nowhere else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self, final

from telemetry._hotpath import Ring, Site, extent, protobuf, sample_with, switch, undecided
from telemetry.config import SamplingRule, Settings, child_environment
from telemetry.contracts import Registry, Secrecy, load_registry
from telemetry.logs import Tally
from telemetry.metrics import ExecutionMetrics
from telemetry.signals import Family, LogSink, Resource, SpanRecord, SpanSink
from telemetry.tracing import FinishedSpans, Recorder, Terms, Watch

from .admissions import Admissions, hash_key
from .breaches import Breaches
from .discretion import Discretion
from .flags import Flags, renew
from .logging import LogOutput
from .notes import Notes
from .outputs import Outputs
from .plugs import Plugs
from .region import put_away, region_of
from .resource import common_attributes, resource_of
from .sampling import Sampling
from .tray import Tray
from .upkeep import MANY, fold_many


@final
class TelemetryDispatcher:
    """Everything that records and sends for one configuration; `telemetry.configure()` makes and starts one.

    Use it as a context manager, or call `shutdown()`. The process calls it at exit.

    Attributes:
        settings: What it was configured with.
        plugs: The objects that were plugged in.
        registry: The contracts in force.
        metrics: The metric front.
        resource: Who records.
        run_id: The run that this process belongs to, on every log line.
        origin: The ambient values that the parent process left in the environment.
        terms: What holds for spans of OpenTelemetry's API, and who sees all spans.
        admissions: What takes secrets out of attributes, and counts them.
        breaches: What the contracts refused.
        flags: Which groups of instrumentation are on, off, or on for a share of the traces.
        region: The memory that everything is recorded in.
        sampling: Which traces are kept.
        retire: What leaving the `with` block calls; whoever makes this the runtime of the process sets it.
    """

    __slots__ = (
        "__weakref__",
        "_forks",
        "_log_sinks",
        "_log_tally",
        "_logs",
        "_notes",
        "_outputs",
        "_recorder",
        "_tray",
        "_vitals",
        "_watch",
        "admissions",
        "breaches",
        "flags",
        "metrics",
        "origin",
        "plugs",
        "region",
        "registry",
        "resource",
        "retire",
        "run_id",
        "sampling",
        "settings",
        "terms",
    )

    def __init__(
        self,
        settings: Settings,
        *,
        registry: Registry | None = None,
        sinks: Sequence[SpanSink] = (),
        log_sinks: Sequence[LogSink] = (),
        quiet: bool = False,
        plugs: Plugs | None = None,
        parent_run_id: str = "",
    ) -> None:
        self.settings = settings
        self.origin: Mapping[str, Any] = {}
        self.plugs = plugs or Plugs()
        self.retire: Callable[[TelemetryDispatcher], bool] = TelemetryDispatcher.shutdown
        self.registry = registry or load_registry(*settings.registry)
        self.breaches = Breaches(quiet=quiet)
        self.flags = Flags(settings.flags)
        self._forks = 0
        self.region = region_of(settings, self.breaches.count)
        self.metrics = ExecutionMetrics(
            self.registry,
            ambient=_ambient(settings),
            limit=self.registry.cardinality_limit(settings.environment),
            count=self.breaches.count,
            region=self.region,
            show_hidden=settings.show_hidden_metrics,
            tell=self.breaches.say,
        )
        self.resource: Resource = resource_of(settings)
        self._outputs = Outputs(_without_port(settings, parent_run_id), self.resource, self.metrics, self.region)
        self.admissions = Admissions(Secrecy(self.registry, hash_key(settings)))
        self._recorder = self._make_recorder()
        self.terms = self._make_terms()
        self._watch = Watch(self.terms, self._recorder)
        self._tray = Tray(
            self.region,
            (*sinks, *self._outputs.span_sinks),
            self._outputs.wake if self._outputs.ships else None,
            delay_seconds=settings.batch_delay_ms / 1000,
        )
        self.sampling = Sampling(settings, self.plugs.sampler, self.terms, self.ring)
        self.run_id = settings.run_id or parent_run_id or os.urandom(8).hex()
        self._notes = Notes(self.region, self.resource, settings, self.run_id)
        self.ring.scopes.tell = self._notes.scope
        self._log_tally = Tally(self.breaches.note)
        self._log_sinks = (*log_sinks, *self._outputs.lines(self.ring))
        self._logs = self._make_logs(quiet=quiet)
        self._vitals: Any = None

    def prepare(self, site: Site) -> None:
        """Make a site of the hot path ready to write its spans."""
        if self._vitals is not None and not self._vitals.trim(site):
            return  # the overhead budget has no room for spans
        self._notes.site(site)
        self._recorder.prepare(site)

    def _make_recorder(self) -> Recorder:
        common = common_attributes(self.settings, self.registry)
        return Recorder(self.registry, self.settings.limits, common, self.admissions, self.breaches.count)

    def _make_logs(self, *, quiet: bool) -> LogOutput:
        return LogOutput(
            self.settings,
            self.registry,
            self._log_sinks,
            self._log_tally,
            run_id=self.run_id,
            quiet=quiet,
            redact=Discretion(self.admissions),
        )

    def _make_terms(self) -> Terms:
        return Terms(
            self.registry,
            self.settings.limits,
            self.resource,
            self.admissions,
            self.breaches.count,
            self._take,
            ids=self.plugs.ids(self.breaches.count),
        )

    @property
    def is_isolated(self) -> bool:
        """Whether it is a test's or a probe's, which says nothing, and keeps what is made while it is in."""
        return self.breaches.quiet

    @property
    def ring(self) -> Ring:
        """Where the hot path puts finished spans."""
        return self._tray.ring

    @property
    def count(self) -> Any:
        """What counts a breach: called with a reason and a detail."""
        return self.breaches.count

    @property
    def watch(self) -> Watch | None:
        """Who has to see each span of a decorated function; None while nobody has."""
        return self._watch if self.terms.are_watched else None

    @property
    def logs(self) -> LogOutput:
        """Where log lines go."""
        return self._logs

    @property
    def vitals(self) -> Any:
        """What measures telemetry itself; it is loaded with the first look, or where a budget is set."""
        if self._vitals is None:
            from .vitals import Vitals

            self._vitals = Vitals(self, stopwatch=self._outputs.stopwatch, sinks=self._log_sinks)
        return self._vitals

    def _measured(self) -> Sequence[Family]:
        """Take the vital signs; what takes them is loaded only here, for whoever looks."""
        signs: Sequence[Family] = self.vitals.families()
        return signs

    @property
    def prometheus_port(self) -> int | None:
        """The port of the scrape endpoint; None where there is none."""
        return self._outputs.port

    def start(self) -> Self:
        """Open every way out that the settings ask for; none where `OTEL_SDK_DISABLED` is true.

        Raises:
            PortInUseError: The scrape endpoint cannot listen.
        """
        if self.settings.disabled:
            return self
        sample_with(self.terms.decide)
        self._outputs.open()
        self._logs.open()
        self._tray.start()
        fold_many(self.region, self.registry)
        if self.settings.patch_stdlib:
            from telemetry.context import patch

            patch(self, partial(child_environment, {}))
        if self.settings.self_telemetry:
            self.metrics.vitals = self._measured
        if self.settings.overhead_budget_percent is not None:
            self.vitals.start()
        return self

    def add_span_processor(self, processor: Any) -> None:
        """Let a span processor of OpenTelemetry's kind see all spans that begin from now on."""
        is_first = not self.terms.are_watched
        self.terms.processors.add(processor)
        if is_first and switch.recorder() is self:
            switch.put_in(self)  # every site is made anew, and with a watch

    def flag(self, pattern: str, share: float | str | None) -> None:
        """Turn a group of instrumentation on, off, or on for a share of the traces, from the next call on.

        What runs ends as it began. Of the flags that fit a name the one with the longest pattern counts, and of two of
        one length the one that was set last.

        Args:
            pattern: Of span names, or of metrics that are recorded without a span, as a shell has them: `codegen.*`.
            share: From 0 to 1, `on`, `off`, a percentage such as `10%`, or None to take the flag away.

        Raises:
            ConfigurationError: The share is none of these.
        """
        self.flags.put(pattern, share)
        renew(self, pattern)

    def sample(
        self,
        sampler: Any = None,
        *,
        rules: Sequence[SamplingRule | Mapping[str, Any]] | None = None,
        keep_failures: bool | None = None,
        keep_slower_than_ms: float | None = None,
    ) -> None:
        """Sample otherwise from now on; what is None stays. Traces that have begun go on as they began.

        Any thread may call it.

        Args:
            sampler: One of OpenTelemetry's sampler names, a ratio from 0 to 1, or a `Sampler` object.
            rules: All rules, in their order, or tables as in the settings; an empty sequence for none.
            keep_failures: Whether refused traces are kept in which a span fails.
            keep_slower_than_ms: How long a span takes for which a refused trace is kept; `math.inf` for none.

        Raises:
            ConfigurationError: A part is wrong; then nothing changes.
        """
        with switch.held():
            was_watched = self.terms.are_watched
            self.sampling.change(sampler, rules, keep_failures, keep_slower_than_ms)
            if switch.recorder() is self:
                sample_with(self.terms.decide)
                if self.terms.are_watched != was_watched:
                    switch.put_in(self)

    def open_spans(self) -> Sequence[SpanRecord]:
        """Give the spans that have begun and not ended, as far as they are known; their `end_ns` is 0."""
        return FinishedSpans(self.ring.open.snapshot(), self.ring.scopes.__getitem__).records

    def hand_over(self) -> None:
        """Give all spans that have ended to the sinks."""
        self._tray.drain()

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Hand over everything that has ended, and wait until it has arrived; tell whether it did in time."""
        deadline = time.monotonic() + timeout_seconds
        self.hand_over()
        if not self._outputs.pushes:
            self.metrics.look(timeout_seconds / 2)
        shown = self.terms.processors.flush(timeout_seconds)
        return self._outputs.flush(max(0.0, deadline - time.monotonic())) and shown

    def shutdown(self, timeout_seconds: float | None = None) -> bool:
        """Flush and close under one deadline, by default `shutdown_timeout_seconds`; a second call does nothing.

        Tells whether everything arrived.
        """
        timeout = self.settings.shutdown_timeout_seconds if timeout_seconds is None else timeout_seconds
        timeout = self.metrics.settle(timeout)
        deadline = time.monotonic() + timeout
        if self.settings.patch_stdlib:
            from telemetry.context import unpatch

            unpatch(self)
        if self._vitals is not None:
            self._vitals.stop()
        self.sampling.close()
        self._tray.stop(timeout)
        self.terms.processors.close(max(0.05, deadline - time.monotonic()))
        self._logs.close()
        arrived = self._outputs.close(max(0.05, round(deadline - time.monotonic(), 2)))
        put_away(self.region, self.breaches.count)
        return arrived

    def families(self) -> Sequence[Family]:
        """Take a snapshot of all metrics that are recorded; what telemetry measures of itself is in `vitals`."""
        return self.metrics.recorded()

    def losses(self) -> Mapping[str, int]:
        """Give what was refused, dropped or lost, by reason."""
        logs = {f"log_{name}": count for name, count in self._log_tally.counts.items()}
        words = self.region.words
        ring = {
            "sampled_out": words[extent.SAMPLED_OUT],
            "torn": words[extent.TORN_COUNT],
            "queue_full": words[extent.SPANS_OVERWRITTEN] + words[extent.SPANS_TOO_LARGE],
            "undecided_full": words[extent.UNDECIDED_FULL],
        }
        out = {reason: count for reason, count in ring.items() if count}
        return {**self.breaches.counts(), **out, **logs, **self._outputs.losses()}

    def note_fork(self) -> None:
        """Fold children that have ended, whenever there may be many of them."""
        self._forks += 1
        if self._forks % MANY == 0:
            fold_many(self.region, self.registry)

    def restart(self) -> None:
        """Start over, in a forked child: nothing of the parent's is reported twice, and nothing under its name."""
        self.resource = resource_of(self.settings)
        self._notes.resource(self.resource)
        self._outputs.belong_to(self.resource)
        self.terms.belong_to(self.resource)
        self._tray.restart()
        self.metrics.restart()
        self.breaches.restart()
        self.admissions.count = 0
        if self._vitals is not None:
            self._vitals.restart()

    def _take(self, record: SpanRecord, trace: undecided.Undecided | None = None) -> None:
        """Take a span that is in no contract, and its trace where that may be dropped yet."""
        number = self.ring.scopes.number(record.scope)
        self.region.words[extent.STARTED] += 1
        if trace is not None:
            trace.take(record.span_id, record, number)
            return
        self.ring.put(protobuf.spans_field(protobuf.span(record)), record.trace_flags, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.retire(self)


def _without_port(settings: Settings, parent_run_id: str) -> Settings:
    """Leave the scrape port to the process that started this one, if one did."""
    return replace(settings, prometheus_port=None) if parent_run_id else settings


def _ambient(settings: Settings) -> dict[str, str]:
    given = {
        "environment": settings.environment,
        "env": settings.environment,
        "host_region": settings.host_region,
        "workspace_tier": settings.workspace_tier,
    }
    return {label: value for label, value in given.items() if value}
