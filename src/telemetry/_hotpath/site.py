"""A site: one place that records, with everything about it that need not be found out a call.

Made when a recorder is attached, from the user's declarations and the contracts; read by the wrappers that the hot
path makes of it, and by whoever turns its finished spans into records.
"""

from __future__ import annotations

from . import protobuf
from .attribute import Attribute
from .scope import OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal

    Admit = Callable[[str, Any], Any]
    SpanKind = Literal["internal", "server", "client", "producer", "consumer"]

_ATTRIBUTES_LIMIT = 4096


class Source:
    """Where a captured value comes from: a parameter with a path of attributes or keys, or the user's callable.

    Attributes:
        parameter: The name of a parameter; empty for a callable.
        path: What to read from it, left to right.
        function: Called with the read-only mapping of arguments; None for a path.
        convert: Called with what the path leads to, when that is not what should be kept; None keeps it.
    """

    __slots__ = ("convert", "function", "parameter", "path")

    def __init__(self, parameter: str, path: tuple[str, ...] = (), function: Any = None, convert: Any = None) -> None:
        self.parameter = parameter
        self.path = path
        self.function = function
        self.convert = convert


class Site:
    """What the wrapper of one function, or the spans of one name, share.

    Attributes:
        name: The span's name; empty when only metrics are recorded.
        kind: OpenTelemetry's span kind, in lower case.
        attributes: Static attributes, as declared.
        links: Static links.
        sources: Everything that is captured a call.
        captured: Attribute name to index in `sources`.
        results: Attribute name to what is read from the returned value: a path, or a callable.
        labels: The indices in `sources` that metric labels need, as text.
        metrics: What is recorded by itself after a return: None for a counter that goes up by one; for a duration the
            bounds of its buckets, or None where it has none, and the factor from nanoseconds to its unit.
        bind: Called with label values; gives the cells of `metrics`, and whether they may be kept for next time.
        succeed: Records the metrics that are not among `metrics`, after a return; None when there are none.
        fail: Records all metrics after an exception.
        count: Called with a reason and a detail for everything that could not be recorded.
        resume: Whether a generator gets the span as its context at each resume.
        ring: Takes finished spans.
        scope: The number of the instrumentation scope.
        number: Its own, under which the journal knows it; 0 where it does not.
        place: Where it is in the code: the function's qualified name, the file and the line, as far as they are known.
        record: Makes the record of a span the general way; the fast way writes the bytes of the same record.
        packing: How the pure twin packs its spans.
        plan: The same site as the compiled twin sees it.
        watch: What looks on, by `started`, `ending` and `ended`; None when nobody does.
        detail: Gives what may leave the process of an attribute of an event, by name and value.
        is_cut: Whether attribute values are cut at a length that was set.
        default_code: The attribute, as OTLP, of a failure that has no code of its own.
        head: The name and kind of its spans, as OTLP.
        common: The static attributes of its spans, as OTLP.
        names: The names of all its static and captured attributes.
        room: How many further attributes the limit leaves.
        is_plain: Whether its spans can be written the fast way, as long as nothing rare happens to them.
    """

    __slots__ = (
        "_admit",
        "_attributes",
        "_glance",
        "attributes",
        "bind",
        "captured",
        "common",
        "count",
        "default_code",
        "detail",
        "fail",
        "head",
        "is_cut",
        "is_plain",
        "kind",
        "labels",
        "links",
        "metrics",
        "name",
        "names",
        "number",
        "packing",
        "place",
        "plan",
        "record",
        "results",
        "resume",
        "ring",
        "room",
        "scope",
        "sources",
        "succeed",
        "watch",
    )

    def __init__(self, name: str, *, ring: Any, count: Callable[..., None]) -> None:
        self.name = name
        self.kind: SpanKind = "internal"
        self.attributes: Mapping[str, Any] = {}
        self.links: tuple[Any, ...] = ()
        self.sources: tuple[Source, ...] = ()
        self.captured: dict[str, int] = {}
        self.results: dict[str, Any] = {}
        self.labels: tuple[int, ...] = ()
        self.metrics: tuple[tuple[Any, float] | None, ...] = ()
        self.bind: Callable[..., Any] | None = None
        self.succeed: Callable[..., None] | None = None
        self.fail: Callable[..., None] | None = None
        self.count = count
        self.resume = True
        self.ring = ring
        self.scope = OWN
        self.number = 0
        self.place: tuple[str, str, int] = ("", "", 0)
        self.record: Callable[[Any], Any]
        self.watch: Any = None
        self.packing: Any = None
        self.plan: Any = None
        self.detail: Callable[[str, Any], Any] = _as_it_is
        self.head = self.common = self.default_code = b""
        self.names: frozenset[str] = frozenset()
        self.room = 0
        self.is_plain = self.is_cut = False
        self._attributes: dict[str, Attribute] = {}

    def prepare(self, admit: Admit, glance: Admit, common: Mapping[str, Any], limit: int) -> None:
        """Write what all its spans share.

        Args:
            admit: Says what may leave the process of an attribute, by name and value; None is nothing, and counted.
            glance: The same without counting.
            common: The attributes of every span of the process.
            limit: The number of attributes that a span may have.
        """
        self._admit, self._glance = admit, glance
        admitted = {name: admit(name, value) for name, value in {**common, **self.attributes}.items()}
        static = {name: value for name, value in admitted.items() if value is not None}
        self.head = protobuf.head(self.name, self.kind)
        self.common = protobuf.attributes(protobuf.ATTRIBUTE, static)
        self.names = frozenset((*static, *self.captured))
        self.room = limit - len(static) - len(self.captured)
        overlap = self.captured.keys() & admitted.keys()
        self.is_plain = self.room >= 0 and not self.links and not overlap

    def attribute(self, name: str) -> Attribute:
        """Give the attribute of this name."""
        found = self._attributes.get(name)
        if found is None:
            if len(self._attributes) >= _ATTRIBUTES_LIMIT:
                self._attributes.clear()
            found = self._attributes[name] = Attribute(name, self._admit)
        return found

    def fields(self, values: tuple[Any, ...], names: Iterable[str] | None = None) -> tuple[bytes, bool]:
        """Give captured attributes as OTLP, all or those of these names, and whether none was refused."""
        whole = True
        written = []
        for name in self.captured if names is None else names:
            value = values[self.captured[name]]
            written.append(self.attribute(name).field(value))
            whole = whole and (value is None or written[-1] != b"")
        return b"".join(written), whole

    def foreseen(self, values: tuple[Any, ...], names: Iterable[str]) -> bytes | None:
        """Give captured attributes as OTLP; None where one will be refused."""
        seen = [(name, values[self.captured[name]]) for name in names]
        admitted = [(name, self._glance(name, value)) for name, value in seen if value is not None]
        if None in [value for _, value in admitted]:
            return None
        return b"".join([protobuf.attribute(protobuf.ATTRIBUTE, name, value) for name, value in admitted])

    def glanced(self, extra: Mapping[str, Any]) -> bytes:
        """Give attributes as OTLP, without those that will be refused."""
        admitted = {name: self._glance(name, value) for name, value in extra.items()}
        return protobuf.attributes(
            protobuf.ATTRIBUTE, {name: value for name, value in admitted.items() if value is not None}
        )

    def is_ordinary(self, extra: Mapping[str, Any]) -> bool:
        """Tell whether attributes that were set later only add to the ones before, within the limit."""
        return len(extra) <= self.room and self.names.isdisjoint(extra)


def _as_it_is(_: str, value: Any) -> Any:
    return value
