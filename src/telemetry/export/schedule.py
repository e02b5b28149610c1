"""Say how much an export worker sends at once, how often, and how long it waits before it tries again.

It is data only; `runtime` fills it from the settings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes and times of an export worker.

    The defaults for records are OpenTelemetry's (`OTEL_BSP_*`). Metrics leave every 5 s, so that one is seen within 10.

    Attributes:
        batch_size: The most records in one request.
        batch_bytes: Records of one request stay below this size, a single larger one excepted. The default leaves
            8 KiB of 512 to the resource.
        delay_seconds: The longest that a record waits while the endpoint answers.
        metrics_seconds: The time between two pushes of metrics.
        retry_seconds: The first pause after a failure; each further one is twice as long, by chance up to half less.
        longest_retry_seconds: The longest of these pauses.
        adoption_seconds: The time between two looks for journals that dead processes left.
    """

    batch_size: int = 512
    batch_bytes: int = 504 * 1024
    delay_seconds: float = 5.0
    metrics_seconds: float = 5.0
    retry_seconds: float = 0.5
    longest_retry_seconds: float = 30.0
    adoption_seconds: float = 60.0
