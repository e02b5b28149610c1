"""A stored baseline: what metrics did in a window, hour by hour, and under which contracts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, final

from telemetry.contracts import MetricContract, Registry
from telemetry.errors import ConfigurationError
from telemetry.operations.history import History, Query, cleaned
from telemetry.version import VERSION

from .block import Block, blocks_of, figure
from .row import STATISTICS, Row

FORMAT: Final = 1
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_SHORT: Final = 6 * _HOUR
_PARTS: Final = 10
_LEAD_SECONDS: Final = 900.0
_WRONG: Final = (KeyError, TypeError, ValueError, AttributeError)


@final
@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in seconds since the epoch."""

    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s

    @property
    def block_seconds(self) -> float:
        """How long its blocks are: an hour, or the tenth of a window shorter than six hours."""
        return _HOUR if self.seconds >= _SHORT else self.seconds / _PARTS


@final
@dataclass(frozen=True, slots=True)
class Scope:
    """Which samples count.

    Attributes:
        environment: The value of the label `environment`; empty for all.
        region: The value of the label `host_region`; empty for all.
    """

    environment: str = ""
    region: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels that series have to have."""
        given = {"environment": self.environment, "host_region": self.region}
        return {name: value for name, value in given.items() if value}


@final
@dataclass(frozen=True, slots=True)
class Baseline:
    """What was measured, and under which contracts.

    Attributes:
        registry: The hash of all metric contracts.
        contracts: For each metric the hash of what makes its numbers comparable: kind, unit, buckets.
        blocks: For each metric its blocks.
    """

    window: Window
    scope: Scope
    registry: str
    contracts: Mapping[str, str]
    blocks: Mapping[str, Sequence[Block]]
    problems: Sequence[str] = ()

    @property
    def is_aligned(self) -> bool:
        """Whether it has a whole day, so that each hour can be compared with the same hour of the day."""
        return self.window.seconds >= _DAY

    def document(self) -> dict[str, Any]:
        """Give it as JSON has it, with the statistics of the whole window for people who look into the file."""
        metrics = {name: self._metric(name, blocks) for name, blocks in self.blocks.items()}
        return {
            "format": FORMAT,
            "telemetry": VERSION,
            "registry": self.registry,
            "window": asdict(self.window),
            "scope": asdict(self.scope),
            "problems": list(self.problems),
            "metrics": metrics,
        }

    def _metric(self, name: str, blocks: Sequence[Block]) -> dict[str, Any]:
        weighted = [(1.0, block) for block in blocks]
        found: dict[str, float] = {each: value for each in STATISTICS if (value := figure(weighted, each)) is not None}
        found["samples"] = sum(block.count for block in blocks)
        written = [block.document() for block in blocks]
        return {"contract": self.contracts[name], "statistics": found, "blocks": written}


def capture(
    history: History,
    registry: Registry,
    rows: Iterable[Row],
    window: Window,
    scope: Scope,
    *,
    now_s: float,
    block_seconds: float | None = None,
) -> Baseline:
    """Measure the metrics of rows over a window.

    Args:
        history: Where the samples are.
        registry: The contracts of the metrics.
        rows: What will be compared.
        window: From when to when.
        scope: Which series count.
        now_s: What the own clock says; later samples are left out, and said.
        block_seconds: How long blocks are; by default what fits the window.

    Raises:
        ConfigurationError: A row names a metric that the registry lacks.
        HistoryError: The source cannot be read.
    """
    names = list(dict.fromkeys(row.metric for row in rows))
    if unknown := [name for name in names if name not in registry.metrics]:
        raise ConfigurationError(f"the registry has no metric {', '.join(unknown)}")
    seconds = block_seconds or window.block_seconds
    blocks: dict[str, list[Block]] = {}
    problems: list[str] = []
    for name in names:
        kind = registry.metrics[name].kind
        query = Query(name, kind, window.start_s - _LEAD_SECONDS, window.end_s, scope.labels)
        reading = cleaned(history.read(query), now_s=now_s)
        blocks[name] = blocks_of(reading.series, kind, window.start_s, window.end_s, seconds)
        problems += [f"{name}: {each}" for each in reading.problems]
    contracts = {name: contract_hash(registry.metrics[name]) for name in names}
    return Baseline(window, scope, registry_hash(registry), contracts, blocks, list(dict.fromkeys(problems)))


def contract_hash(contract: MetricContract) -> str:
    """Give the hash of what makes the numbers of a metric comparable."""
    said = [contract.name, contract.kind, contract.unit, list(contract.bounds), list(contract.quantiles)]
    return sha256(json.dumps(said).encode()).hexdigest()[:16]


def registry_hash(registry: Registry) -> str:
    """Give the hash of all metric contracts."""
    parts = (contract_hash(registry.metrics[name]) for name in sorted(registry.metrics))
    return sha256("".join(parts).encode()).hexdigest()[:16]


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline whole or not at all.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(baseline.document(), indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise ConfigurationError(f"{path}: it cannot be written: {error.strerror}") from error


def read_baseline(path: Path, registry: Registry) -> Baseline:
    """Read a baseline, and hold its contracts against the registry.

    Raises:
        ConfigurationError: It cannot be read, is not whole, or was captured under contracts that do not compare.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        baseline = _of(document)
    except OSError as error:
        raise ConfigurationError(f"{path}: it cannot be read: {error.strerror or error}") from error
    except _WRONG as error:
        raise ConfigurationError(f"{path}: it is no baseline, or not whole ({error}); capture it again") from error
    known = {name: contract_hash(each) for name, each in registry.metrics.items()}
    if other := sorted(name for name, was in baseline.contracts.items() if known.get(name) != was):
        raise ConfigurationError(
            f"{path}: it was captured under registry {baseline.registry}, this one is {registry_hash(registry)}: "
            f"kind, unit or buckets differ of {', '.join(other)}; capture it again"
        )
    return baseline


def _of(document: Mapping[str, Any]) -> Baseline:
    metrics = document["metrics"]
    return Baseline(
        Window(float(document["window"]["start_s"]), float(document["window"]["end_s"])),
        Scope(str(document["scope"]["environment"]), str(document["scope"]["region"])),
        str(document["registry"]),
        {name: str(each["contract"]) for name, each in metrics.items()},
        {name: [Block.read(block) for block in each["blocks"]] for name, each in metrics.items()},
        [str(each) for each in document["problems"]],
    )
