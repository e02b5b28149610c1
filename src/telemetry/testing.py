"""For tests: a runtime of their own, which keeps what is recorded in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, final

from telemetry._hotpath import sample_with
from telemetry.config import read_settings
from telemetry.errors import ContractError
from telemetry.runtime import Basket, Plugs, TelemetryDispatcher, install
from telemetry.signals import Distribution, Family, LogRecord, Quantiles, SpanRecord
from telemetry.tracing import sampler

_NO_DIRECTORY = Path("/")


@final
class Recording:
    """What was recorded inside an `isolated()` block, readable inside and after it.

    Attributes:
        runtime: The isolated runtime.
    """

    def __init__(self) -> None:
        self.runtime: TelemetryDispatcher
        self._basket = Basket()

    @property
    def spans(self) -> list[SpanRecord]:
        """The finished spans, in the order of their ends."""
        self.runtime.flush()
        return list(self._basket.records)

    @property
    def logs(self) -> list[LogRecord]:
        """The log lines, in order."""
        return list(self._basket.lines)

    @property
    def metrics(self) -> dict[str, Family]:
        """The families that have a series, by name."""
        return {family.name: family for family in self.runtime.families()}

    @property
    def losses(self) -> dict[str, int]:
        """What was refused or dropped, by reason."""
        return dict(self.runtime.losses())

    def value(self, metric: str, **labels: str) -> float | Distribution | Quantiles | None:
        """Give the value of one series; None when there is none.

        Labels that are not named may have any value, as long as one series fits.

        Raises:
            LookupError: Several series fit.
        """
        family = self.metrics.get(metric)
        if family is None:
            return None
        wanted = labels.items()
        fitting = [
            each for each in family.series if wanted <= dict(zip(family.labels, each.labels, strict=True)).items()
        ]
        if len(fitting) > 1:
            raise LookupError(f"{len(fitting)} series of {metric} have the labels {labels}: name more of them")
        return fitting[0].value if fitting else None


@contextmanager
def isolated(**settings: Any) -> Iterator[Recording]:
    """Record into a runtime of its own for the length of the block, and into memory only.

    Of the environment and pyproject.toml only the registry counts, for the functions that are decorated need theirs;
    `registry=` and the other settings are arguments. It swaps the pointer of the process, so it nests, and is not for
    threads that run tests in parallel.

    >>> import telemetry
    >>> with isolated() as recording:
    ...     with telemetry.span("spec.parse"):
    ...         pass
    >>> [span.name for span in recording.spans]
    ['spec.parse']

    Raises:
        ContractError: Functions that are decorated already break the contracts.
    """
    recording = Recording()
    basket = recording._basket
    settings["registry"] = _absolute(settings.get("registry", read_settings().registry))
    settings.setdefault("journal", False)
    plugged = {name: settings.pop(name) for name in ("sampler", "id_generator") if _is_plug(settings.get(name))}
    read = read_settings(environ={}, directory=_NO_DIRECTORY, **settings)
    plugs = Plugs(**plugged)
    runtime = TelemetryDispatcher(read, sinks=(basket,), log_sinks=(basket,), quiet=True, plugs=plugs)
    recording.runtime = runtime
    before = _install(runtime)
    sampled_before = sample_with(sampler(read.sampler, read.sampler_arg))
    runtime.logs.open()
    try:
        yield recording
    finally:
        install(before)
        runtime.shutdown()
        sample_with(sampled_before)


def _absolute(registry: str | Path | Sequence[str | Path]) -> list[Path]:
    files = [registry] if isinstance(registry, str | Path) else registry
    return [Path(file).absolute() for file in files]


def _is_plug(setting: object) -> bool:
    return setting is not None and not isinstance(setting, str)


def _install(runtime: TelemetryDispatcher) -> TelemetryDispatcher | None:
    with suppress(ContractError):
        return install(runtime)
    gc.collect()  # a function that an earlier test decorated wrongly lives on in the cycle of a caught exception
    return install(runtime)
