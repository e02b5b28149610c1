"""`span`: the span of a `with` statement, by its name in the registry."""

from __future__ import annotations

from telemetry._hotpath import Site, Span, switch
from telemetry.errors import ContractError

from .declaration import KINDS, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Named:
    """The spans of one name and kind: their site while a recorder is attached."""

    __slots__ = ("__weakref__", "kind", "name", "site")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = one_of("kind", kind, KINDS)
        self.site: Site | None = None
        switch.register(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Look the name up; an unknown one is counted at each use and named once, since a `with` must not raise."""
        if recorder is None:
            self.site = None
            return
        site = Site(self.name, queue=recorder.queue, spill=recorder.spill, count=recorder.count)
        site.kind = self.kind
        try:
            recorder.registry.span(self.name)
        except ContractError as error:
            site = Site(self.name, queue=_Refusals(recorder.count, str(error)), spill=_nothing, count=recorder.count)
        self.site = site


class _Refusals(list[Span]):
    """Stands where finished spans go, and counts those of a name that the registry lacks."""

    def __init__(self, count: Any, problem: str) -> None:
        super().__init__()
        self._count = count
        self._problem = problem

    def append(self, _: Span) -> None:
        """Count a span in place of keeping it."""
        self._count("span_refused", self._problem)


class _Dormant(Span):
    """The span of a `with` while nothing records: takes everything and keeps nothing."""

    __slots__ = ()

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        return


def _nothing() -> None:
    """Spill nothing."""


_names: dict[tuple[str, str], _Named] = {}
_NAMES_LIMIT = 4096
_OFF = Site("", queue=[], spill=_nothing, count=_nothing)


def span(
    name: str,
    /,
    *,
    kind: str = "internal",
    links: tuple[Any, ...] = (),
    attributes: dict[str, Any] | None = None,
    **more: Any,
) -> Span:
    """Open a span for a block: `with telemetry.span("plan.compile_graph", attributes={"graph.depth": 3}) as span:`.

    What `as` gives has `set_attribute`, `add_event`, `set_status` and the rest of OpenTelemetry's span interface. An
    exception that leaves the block is recorded and goes on. A name that the registry lacks records nothing: it is
    counted, and named once.

    Args:
        name: The span's name in the registry.
        kind: OpenTelemetry's span kind.
        links: Pairs of (span context, attributes).
        attributes: Attributes with any name.
        more: Attributes whose names are identifiers.

    Raises:
        ContractError: There is no such kind.
    """
    named = _names.get((name, kind)) or _remember(name, kind)
    site = named.site
    if site is None:
        opened: Span = _Dormant()
        opened.site, opened.ended_ns = _OFF, 0
        return opened
    opened = Span()
    opened.site = site
    if links:
        opened.links = tuple(links)
    if attributes or more:
        opened.set_attributes({**(attributes or {}), **more})
    return opened


def _remember(name: str, kind: str) -> _Named:
    if len(_names) >= _NAMES_LIMIT:
        _names.clear()
    return _names.setdefault((name, kind), _Named(name, kind))
