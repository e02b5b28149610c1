"""OpenTelemetry's published metrics and attributes, as the package of its conventions for Python has them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from enum import Enum
from typing import Any

from opentelemetry.semconv._incubating import attributes, metrics


def published_metrics() -> Iterator[dict[str, Any]]:
    """Give all metrics, as the functions that make their instruments, `create_…`, ask a meter for them."""
    for found in pkgutil.iter_modules(metrics.__path__):
        module = vars(importlib.import_module(f"{metrics.__name__}.{found.name}"))
        for name, make in module.items():
            if name.startswith("create_"):
                meter = Meter()
                make(meter, *[None] * (make.__code__.co_argcount - 1))
                yield {"id": f"metric.{meter.made['metric_name']}", "type": "metric", **meter.made}


class Meter:
    """Notes what is made, in the words of the conventions."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def __getattr__(self, maker: str) -> Any:
        """Stand for each of a meter's methods."""
        instrument = maker.removeprefix("create_").removeprefix("observable_").replace("_", "")

        def make(*_: object, name: str, unit: str, description: str = "", **__: object) -> None:
            self.made = {"metric_name": name, "instrument": instrument, "unit": unit, "brief": description}
            if "Deprecated" in description:
                self.made["deprecated"] = {"reason": "uncategorized", "note": description}

        return make


def published_attributes() -> Iterator[dict[str, Any]]:
    """Read all attributes, with the members of those that are enumerations."""
    for found in pkgutil.iter_modules(attributes.__path__):
        module = vars(importlib.import_module(f"{attributes.__name__}.{found.name}"))
        closed = {name: kind for name, kind in module.items() if isinstance(kind, type) and issubclass(kind, Enum)}
        for constant, name in module.items():
            if constant.isupper() and isinstance(name, str):
                kind = closed.get("".join(map(str.capitalize, constant.split("_"))) + "Values")
                members = [{"id": each.name.lower(), "value": each.value} for each in kind or ()]
                plain = "template[string]" if constant.endswith("_TEMPLATE") else "string"
                yield {"id": name, "type": {"members": members} if members else plain, "brief": f"It is {name}."}
