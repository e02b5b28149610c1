"""`span`: the span of a block of code, by its name in the registry."""

from __future__ import annotations

from telemetry._hotpath import Site, Span, begin, nowhere, opener, ready, switch, text
from telemetry.errors import ContractError

from .declaration import KINDS, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_PLAIN_KIND = "internal"
_sites: dict[str, Any] = {}
"""The sites of that kind, which the opener of the compiled twin finds without calling `span`."""


class _Named:
    """The spans of one name and kind.

    Attributes:
        site: Where they record; None while there is no recorder, or its registry refuses them.
        refuse: Counts a refused one; None where there is nothing to refuse.
        block: What opens them where a flag has them in a share of the traces; None where none has.
        shown: Gives the name that they are shown under, from their attributes; None where that is their own.
    """

    __slots__ = ("__weakref__", "block", "kind", "name", "refuse", "shown", "site")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind: Any = kind
        self.site: Site | None = None
        self.refuse: Callable[[], None] | None = None
        self.block: Any = None
        self.shown: Callable[[dict[str, Any]], str] | None = None
        switch.register(self)

    @property
    def _telemetry_names(self) -> tuple[str]:
        """What flags know it by."""
        return (self.name,)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Look the name up; a breach is counted at each use and named once, since a `with` must not raise."""
        site, share = None, 1.0
        self.refuse = None
        if recorder is not None and self._is_allowed(recorder):
            share = recorder.flags.share(self.name)
            site = self._site(recorder) if share else None
        self.block = _block(site, share) if site and share < 1.0 else None
        self.site = site
        if self.kind != _PLAIN_KIND:
            return
        if site and not self.block and not self.shown:
            _sites[self.name] = ready(site)
        else:
            _sites.pop(self.name, None)

    def _is_allowed(self, recorder: Any) -> bool:
        try:
            one_of("kind", self.kind, KINDS)
            contract = recorder.registry.span(self.name)
        except ContractError as error:
            problem = f"span {self.name!r}: {error}"
            self.refuse = lambda: recorder.count("span_refused", problem)
            return False
        self.shown = contract.display_name if contract.display else None
        return True

    def _site(self, recorder: Any) -> Site | None:
        """Make the site; None where the overhead budget has no room for spans."""
        site = Site(self.name, ring=recorder.ring, count=recorder.count)
        site.kind = self.kind
        site.watch = recorder.watch
        recorder.prepare(site)
        return site if site.name else None


def _block(site: Site, share: float) -> Any:
    from .flags import Block

    return Block(site, share)


_names: dict[tuple[str, str], _Named] = {}
_NAMES_LIMIT = 4096


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

    It starts here; `with` makes it the current one, and ends it. What `as` gives has `set_attribute`, `add_event`,
    `set_status` and the rest of OpenTelemetry's span interface. An exception that leaves the block is recorded and
    goes on. Nothing here raises: a name or kind that the registry lacks records nothing, is counted, and named once;
    spans inside the block then belong to the one around it.

    Args:
        name: The span's name in the registry.
        kind: OpenTelemetry's span kind: internal, server, client, producer or consumer.
        links: Pairs of (span context, attributes), or OpenTelemetry's links.
        attributes: Attributes with any name.
        more: Attributes whose names are identifiers.
    """
    named = _names.get((name, kind)) or _remember(text(name), text(kind))
    site = named.site
    if site is None:
        if named.refuse is not None:
            named.refuse()
        return _nowhere
    if named.block is not None:
        site, values = named.block.way()
        if site is None:
            return _nowhere if values is None else named.block.left_out(_nowhere, values)
    given = {**(attributes or {}), **more}
    opened = begin(site, attributes=given)
    if named.shown is not None:
        opened.update_name(named.shown(given))
    if links:
        add_links(opened, links)
    return opened


def add_links(opened: Span, links: tuple[Any, ...]) -> None:
    """Add pairs of a context and attributes, or links of OpenTelemetry's."""
    for link in links:
        context, attributes = link if isinstance(link, tuple) and len(link) == 2 else _parts(link)
        opened.add_link(context, attributes)


def _parts(link: Any) -> tuple[Any, Any]:
    return getattr(link, "context", link), getattr(link, "attributes", None)


span = opener(span, _sites)


def _remember(name: str, kind: str) -> _Named:
    if len(_names) >= _NAMES_LIMIT:
        _names.clear()
        _sites.clear()
    found = _names.get((name, kind))
    return found or _names.setdefault((name, kind), _Named(name, kind))


_nowhere = nowhere(Site("", ring=None, count=lambda *_: None))
"""The one span that stands for all that are not recorded."""
