"""Random finished spans, for what writes them and what reads them back; a seed gives the same ones each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from telemetry.signals import Scope, SpanEvent, SpanLink, SpanRecord, StatusCode

ODD = "aé😀\udce9\n"
"""An alphabet of one to four bytes a letter, with half a surrogate pair."""
EVEN = "aé😀\n"

_EDGES = (0, 1, -1, 127, 128, 16_384, (1 << 63) - 1, -(1 << 63))
_FLOATS = (0.0, -0.0, 0.1, -1e300, 5e-324, float("inf"), float("nan"))
_TRACESTATES = ("", "vendor=opaque", "vendor=opaque,other=2")


@dataclass(frozen=True, slots=True)
class Spans:
    """Makes spans as recorders make them: only an error has a description, and only a parent can be remote.

    Attributes:
        random: What decides.
        letters: What texts are made of.
        widest: The number of bits that integers may have, beside the ones at the edge of 64.
        linked: Whether links may have a tracestate.
    """

    random: Random
    letters: str
    widest: int
    linked: bool

    def several(self, most: int) -> list[SpanRecord]:
        """Make up to so many spans, of several scopes."""
        scopes = (None, self.scope(), self.scope())
        return [self.span(self.random.choice(scopes)) for _ in range(self.random.randint(1, most))]

    def span(self, scope: Scope | None = None) -> SpanRecord:
        """Make one span."""
        choice = self.random.choice
        parent = choice((None, self._bits(64)))
        status: StatusCode = choice(("unset", "ok", "error"))
        return SpanRecord(
            name=self.text(),
            trace_id=self._bits(128),
            span_id=self._bits(64),
            parent_span_id=parent,
            start_ns=choice((0, self._bits(63))),
            end_ns=choice((0, self._bits(63))),
            attributes=self.attributes(),
            kind=choice(("internal", "server", "client", "producer", "consumer")),
            status=status,
            status_description=self.text() if status == "error" else "",
            events=self._some(self.event),
            links=self._some(self.link),
            trace_flags=self.random.getrandbits(8),
            tracestate=choice(_TRACESTATES),
            parent_is_remote=parent is not None and choice((False, True)),
            dropped_attributes=self._count(),
            dropped_events=self._count(),
            dropped_links=self._count(),
            running_ns=choice((None, 0, self._bits(62))),
            scope=scope,
        )

    def scope(self) -> Scope:
        """Make a scope; OpenTelemetry's has no attribute without a name."""
        return Scope(self.text(), self.text(), self.text(), {f"a{name}": self.value() for name in ("", "é")})

    def event(self) -> SpanEvent:
        """Make an event."""
        return SpanEvent(self.text(), self.random.choice((0, self._bits(63))), self.attributes(), self._count())

    def link(self) -> SpanLink:
        """Make a link; whether it was sampled is not on the wire."""
        state = self.random.choice(_TRACESTATES) if self.linked else ""
        is_remote = self.random.choice((False, True))
        return SpanLink(self._bits(128), self._bits(64), 1, state, self.attributes(), is_remote, self._count())

    def attributes(self) -> dict[str, Any]:
        """Make attributes; their names stay different from each other where some letters become a question mark."""
        names = {name.encode("utf-8", "replace"): name for name in self._some(self.text)}
        return {name: self.value() for name in names.values()}

    def value(self) -> Any:
        """Make an attribute's value: a primitive, or a tuple of one type."""
        make = self.random.choice((self.text, self._integer, self._float, self._boolean))
        return make() if self.random.random() < 0.7 else self._some(make)

    def text(self) -> str:
        """Make a text, now and then one whose length takes two bytes."""
        most = 300 if self.random.random() < 0.02 else 8
        return "".join(self.random.choices(self.letters, k=self.random.randint(0, most)))

    def _some(self, make: Callable[[], Any]) -> tuple[Any, ...]:
        return tuple(make() for _ in range(self.random.randint(0, 3)))

    def _integer(self) -> int:
        sign = self.random.choice((1, -1))
        return self.random.choice((*_EDGES, sign * self.random.getrandbits(self.random.randint(1, self.widest))))

    def _float(self) -> float:
        return self.random.choice((*_FLOATS, self.random.uniform(-1e9, 1e9)))

    def _boolean(self) -> bool:
        return self.random.choice((False, True))

    def _count(self) -> int:
        return self.random.choice((0, 1, 300, (1 << 32) - 1))

    def _bits(self, bits: int) -> int:
        return self.random.getrandbits(self.random.randint(1, bits)) or 1
