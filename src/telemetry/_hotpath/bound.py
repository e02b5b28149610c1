"""The cells of one site, by label values, flattened for generated code."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .site import Site

    Labels = tuple[str | None, ...]

_LIMIT = 4096
"""Combinations of captured values that a site remembers; a site that meets more starts over."""


class BoundCells:
    """What `Site.bind` gave, as the words that generated code adds to.

    A counter becomes (doubles, index), a histogram (counts, index, doubles, index of the sum), anything else (write,).

    Attributes:
        flat: Label values to the flattened cells, for combinations that may be kept.
    """

    __slots__ = ("_site", "flat")

    def __init__(self, site: Site) -> None:
        self._site = site
        self.flat: dict[Labels, tuple[Any, ...]] = {}

    def bind(self, labels: Labels) -> tuple[Any, ...]:
        """Find the cells of a combination that is not in `flat`."""
        bind = self._site.bind
        assert bind is not None, "a site that records metrics has what binds them"
        cells, whole = bind(labels)
        made: list[Any] = []
        for cell, spec in zip(cells, self._site.metrics, strict=True):
            if spec is None:
                made += (cell.doubles, cell.at)
            elif spec[0] is not None:
                made += (cell.integers, cell.at, cell.doubles, cell.sum_at)
            else:
                made.append(cell.write)
        if whole:
            if len(self.flat) >= _LIMIT:
                self.flat.clear()
            self.flat[labels] = tuple(made)
        return tuple(made)


def record_all(site: Site, labels: Labels, elapsed: int) -> None:
    """Record the metrics of a site that generated code has no part in, such as a coroutine's."""
    if site.metrics:
        cells, _ = site.bind(labels)  # type: ignore[misc]  # as above
        for cell, spec in zip(cells, site.metrics, strict=True):
            cell.write(1.0 if spec is None else elapsed * spec[1])
