"""Say how much an export worker holds, how much leaves at once, and how often.

It is data only; `runtime` fills it from the settings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes and times of an export worker.

    The defaults for spans are OpenTelemetry's (`OTEL_BSP_*`). Metrics leave every 5 s, so that one is seen within 10.

    Attributes:
        queue_size: The most records that wait, of spans and of log records each; what comes on top is dropped.
        batch_size: The most records in one request.
        batch_bytes: Requests stay below this size, a single larger record excepted. The default leaves 8 KiB of
            512 to the resource.
        delay_seconds: The longest that a record waits while the endpoint answers.
        metrics_seconds: The time between two pushes of metrics.
    """

    queue_size: int = 2048
    batch_size: int = 512
    batch_bytes: int = 504 * 1024
    delay_seconds: float = 5.0
    metrics_seconds: float = 5.0
