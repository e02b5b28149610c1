"""Typed handles on the metrics of a registry; made by `telemetry contracts handles`.

Do not edit it: change the registry, and make it again.
"""

from __future__ import annotations

from telemetry import metric as _metric

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Literal, Protocol, TypeAlias

    EnvironmentValue: TypeAlias = Literal[
        "development",
        "production",
        "staging",
    ]

    LayoutValue: TypeAlias = Literal[
        "qcow2",
        "raw",
    ]

    class CounterChild(Protocol):
        """One series of a counter."""

        def inc(self, amount: float = ..., /) -> None:
            """Add an amount, 1 by default."""

    class GaugeChild(Protocol):
        """One series of a gauge."""

        def inc(self, amount: float = ..., /) -> None:
            """Add an amount, 1 by default."""

        def dec(self, amount: float = ..., /) -> None:
            """Take an amount away, 1 by default."""

        def set(self, value: float, /) -> None:
            """Set the value."""

    class DurationChild(Protocol):
        """One series of a histogram or a summary of durations."""

        def observe(self, value: float, /) -> None:
            """Count a duration, in the metric's unit."""

        def time(self) -> AbstractContextManager[object, None]:
            """Count how long a `with` block takes."""
            ...

    class ImageQueueDepthMetric(GaugeChild, Protocol):
        """Images that wait to be written.

        Gauge; unit: images; owner: delivery; stable.
        """

        def labels(
            self,
            *,
            environment: EnvironmentValue = ...,
        ) -> GaugeChild:
            """Give what records for these label values."""
            ...

    class ImageWriteDurationSecondsMetric(Protocol):
        """How long writing an image takes.

        Histogram; unit: seconds; owner: delivery; stable.
        """

        def labels(
            self,
            *,
            layout: LayoutValue,
            compressor: str,
            environment: EnvironmentValue = ...,
        ) -> DurationChild:
            """Give what records for these label values."""
            ...

    class ImagesWrittenTotalMetric(Protocol):
        """Images that were written.

        Counter; unit: count; owner: delivery; stable.
        """

        def labels(
            self,
            *,
            layout: LayoutValue,
            environment: EnvironmentValue = ...,
        ) -> CounterChild:
            """Give what records for these label values."""
            ...


image_queue_depth: ImageQueueDepthMetric = _metric("image_queue_depth")
image_write_duration_seconds: ImageWriteDurationSecondsMetric = _metric(
    "image_write_duration_seconds"
)
images_written_total: ImagesWrittenTotalMetric = _metric("images_written_total")
