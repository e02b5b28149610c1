"""Imports the exporters as guests that leave the application's warning filters as they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_GUESTS = frozenset({"opentelemetry", "requests", "urllib3"})


@contextmanager
def filters_unchanged() -> Iterator[None]:
    """Take away the filters for their own warnings that guests put in while the block imports them.

    Filters that the application puts in meanwhile, from another thread, stay.
    """
    before = {id(entry) for entry in warnings.filters}
    try:
        yield
    finally:
        for entry in list(warnings.filters):
            if id(entry) not in before and _category(entry).__module__.partition(".")[0] in _GUESTS:
                warnings.filters.remove(entry)  # type: ignore[attr-defined]  # a list, whatever its type says


def _category(entry: Any) -> type[Warning]:
    category: type[Warning] = entry[2]
    return category
