"""Extend the registry: a metric and a span of your own, and what happens to what it lacks."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import telemetry

REGISTRY = {
    "name": "shop",
    "metrics": [
        {
            "name": "orders_total",
            "kind": "counter",
            "unit": "count",
            "description": "Orders that came in.",
            "owner": "shop",
            "labels": ["channel", "environment"],
            "values": {"channel": ["web", "phone"]},
        }
    ],
    "spans": [{"name": "order.take", "description": "Take one order."}],
}

with TemporaryDirectory() as folder:
    path = Path(folder) / "registry.json"
    path.write_text(json.dumps(REGISTRY))
    with telemetry.configure("extend-the-registry", registry=path) as runtime:
        with telemetry.span("order.take"):
            telemetry.metric("orders_total").labels(channel="web").inc()
            telemetry.metric("orders_total").labels(channel="fax").inc()
        print("series:", [series.labels for series in runtime.families()[0].series])
        print("refused:", dict(runtime.losses()))
        try:
            telemetry.instrument_span("order.tkae")(print)
        except telemetry.ContractError as error:
            print("at decoration:", "did you mean 'order.take'" in str(error))
