"""The rows of a comparison: which statistic of which metric, which way is worse, and its target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, final, get_args

from telemetry.errors import ConfigurationError

Statistic = Literal["p50", "p95", "mean", "ratio", "count"]
"""`ratio` is the mean of a gauge from 0 to 1; `count` is how many observations, or counts of a counter, an hour has."""

STATISTICS: Final[tuple[Statistic, ...]] = get_args(Statistic)
_FORM: Final = re.compile(r"([a-zA-Z_:][\w:]*):(p50|p95|mean|ratio|count)(?:(<=|<|>=|>)([-+.\deE]+))?")


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One figure that is compared.

    Attributes:
        relation: How a value has to stand to the target; empty where there is none, and then rising counts as worse.
    """

    metric: str
    statistic: Statistic
    relation: Literal["", "<", "<=", ">", ">="] = ""
    target: float = 0.0

    @property
    def sign(self) -> int:
        """1 where rising is worse, -1 where falling is."""
        return -1 if self.relation.startswith(">") else 1

    def meets(self, value: float) -> bool:
        """Tell whether a value is as the target wants it."""
        met = {"<": value < self.target, "<=": value <= self.target, ">": value > self.target}
        return {**met, ">=": value >= self.target, "": True}[self.relation]

    def __str__(self) -> str:
        return f"{self.metric}:{self.statistic}" + (f"{self.relation}{self.target:g}" if self.relation else "")


ROWS: Final = (
    Row("parse_duration_ms", "p50", "<=", 60),
    Row("parse_duration_ms", "p95", "<=", 90),
    Row("parse_batch_size", "mean", ">=", 120),
    Row("cli_latency_p95_ms", "mean", "<", 50),
    Row("cicd_success_ratio", "ratio", ">=", 0.95),
    Row("resource_utilization_cpu_percent", "mean", "<", 75),
    Row("telemetry_stream_lag_ms", "mean", "<", 400),
)
"""What is compared where nothing else is said."""


def read_row(text: str) -> Row:
    """Read a row as people write it: `parse_duration_ms:p95<=90`.

    Raises:
        ConfigurationError: It is not written so.
    """
    found = _FORM.fullmatch(text.strip())
    try:
        if found is not None:
            metric, statistic, relation, target = found.groups()
            return Row(metric, statistic, relation or "", float(target or 0))  # type: ignore[arg-type]
    except ValueError:
        pass
    raise ConfigurationError(
        f"{text!r} is no row: write METRIC:STATISTIC, with a target behind it where there is one "
        f"(parse_duration_ms:p95<=90); statistics are {', '.join(STATISTICS)}"
    )
