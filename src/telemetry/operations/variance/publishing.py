"""Publish what came out as `telemetry_variance_ratio`, for node_exporter's textfile collector."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from telemetry.contracts import Registry
from telemetry.errors import ConfigurationError
from telemetry.metrics import ExecutionMetrics

from .report import VarianceReport

METRIC: Final = "telemetry_variance_ratio"
OVERALL: Final = "overall"
EVERYWHERE: Final = "all"


def publish(report: VarianceReport, registry: Registry, path: Path) -> None:
    """Write the last changes of all rows, and the overall figure; a row without enough data has no value.

    The label `metric_family` is a metric with its statistic, or `overall`; `host_region` is `all` for all together.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    from telemetry.export import prometheus_text

    environment = report.scope.environment or "production"
    metrics = ExecutionMetrics(
        registry, ambient={"environment": environment}, limit=registry.cardinality_limit(environment)
    )
    for comparison in report.comparisons:
        last, region = comparison.checkpoints[-1], comparison.region or report.scope.region or EVERYWHERE
        for row, cell in zip(comparison.rows, last.cells, strict=True):
            if cell.change is not None:
                family = f"{row.metric}:{row.statistic}"
                metrics.record(METRIC, cell.change, metric_family=family, host_region=region)
        if last.overall is not None:
            metrics.record(METRIC, last.overall, metric_family=OVERALL, host_region=region)
    content = prometheus_text(family for family in metrics.families() if family.name == METRIC)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: it cannot be written: {error.strerror}") from error
