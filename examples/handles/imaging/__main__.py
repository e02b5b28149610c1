"""Write images: a wrong label, value or operation here fails type checking, before it could fail in production."""

from pathlib import Path

from telemetry.export import render_table
from telemetry.testing import isolated

from . import metrics

REGISTRY = Path(__file__).parents[1] / "registry.json"


def write(compressor: str) -> None:
    """Write an image."""
    with metrics.image_write_duration_seconds.labels(layout="qcow2", compressor=compressor).time():
        metrics.images_written_total.labels(layout="qcow2").inc()


with isolated(registry=[REGISTRY]) as recording:
    metrics.image_queue_depth.set(2)
    for name in ("zstd", "none"):
        write(name)
        metrics.image_queue_depth.dec()
    print(render_table(recording.metrics.values()))
