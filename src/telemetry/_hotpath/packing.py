"""Packs a span straight into its slot and, once it has finished, into the ring.

There is one `Struct` for each site and length of its attributes. Joining the parts first would take three times as
long.
"""

from __future__ import annotations

from struct import Struct

from .extent import RECORD_HEADER_BYTES, room
from .opentable import slot_word
from .protobuf import FLAGS, UNSET, varint
from .segment import header
from .tracecontext import RANDOM, SAMPLED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .site import Site

    Pack = Callable[..., None]
    Shape = tuple[Pack, bytes, bytes, int, Pack, bytes, bytes, int]
    Form = list[Any]  # Shape, Shape, cells

_FORMS_LIMIT = 1024
_CHILD_BYTES = 52
"""The most that a slot has besides head and attributes: tag and length, three ids, the start."""
_TRACE, _START = b"\x0a\x10", b"\x39"

_ROOT = "16s2sQ{head}sQcQ{tail}s"
_CHILD = "16s2sQ2sQ{head}sQcQ{tail}s"
_OPEN_ROOT = "16s2sQ{head}sQ{tail}s"
_OPEN_CHILD = "16s2sQ2sQ{head}sQ{tail}s"


class Packing:
    """How the spans of one site are packed.

    Attributes:
        forms: Captured values to the form of their spans, for a root and for a child. First comes what packs the slot,
            what stands before the trace id, and the attributes, with the slot's word; then what packs the record, its
            header with what stands before the trace id, all that comes after the end time, and the bytes that it takes
            in the ring. Third come the cells of the metrics, once they were found. Only values that are all text or
            None are kept, of sites whose spans fit into a slot.
        head: Name and kind, and the tag of the start time.
    """

    __slots__ = ("_site", "_structs", "forms", "head")

    def __init__(self, site: Site) -> None:
        self._site = site
        self._structs: dict[int, tuple[Any, ...]] = {}
        self.forms: dict[tuple[Any, ...], Form] = {}
        self.head = site.head + _START

    def form(self, values: tuple[Any, ...], extra: Mapping[str, Any] | None = None) -> Form:
        """Give the form of a span with these captured values, and attributes that were set later."""
        site = self._site
        fields, whole = site.fields(values)
        if extra is not None:
            return self.of(fields + b"".join([site.attribute(name).field(value) for name, value in extra.items()]))
        made = self.of(fields)
        if whole and _are_text(values) and made[1][3] & 0xFFFF <= site.ring.open.room:
            if len(self.forms) >= _FORMS_LIMIT:
                self.forms.clear()
            self.forms[values] = made
        return made

    def opening(self, values: tuple[Any, ...], extra: Mapping[str, Any] | None) -> Form:
        """Give the form for the slot of a span with these attributes, before it is said which of them are refused."""
        if extra is None and values in self.forms:
            return self.forms[values]
        site = self._site
        seen = site.foreseen(values, site.captured) or b""
        more = site.glanced(extra) if extra is not None and site.is_ordinary(extra) else b""
        return self.of(seen + more)

    def of(self, fields: bytes) -> Form:
        """Give the form of a span with these attributes besides the static ones."""
        seen = self._site.common + fields
        tail = b"%b%b%b" % (seen, UNSET, FLAGS)
        structs = self._structs.get(len(tail))
        if structs is None:
            if len(self._structs) >= _FORMS_LIMIT:
                self._structs.clear()
            structs = self._structs[len(tail)] = self._made(len(tail), len(seen))
        fits, root, child = structs
        shown = seen if fits else b""
        return [_shape(root, shown, tail), _shape(child, shown, tail), None]

    def _made(self, tail: int, seen: int) -> tuple[Any, ...]:
        fits = _CHILD_BYTES + len(self.head) + seen <= self._site.ring.open.room
        slot = seen if fits else 0
        root = (*self._slot(_OPEN_ROOT, slot), *self._one(_ROOT, tail))
        return fits, root, (*self._slot(_OPEN_CHILD, slot), *self._one(_CHILD, tail))

    def _slot(self, shape: str, tail: int) -> tuple[Any, ...]:
        shape = shape.format(head=len(self.head), tail=tail)
        before = b"\x12" + varint(Struct("<2s" + shape).size) + _TRACE
        packer = Struct(f"<{len(before)}s{shape}")
        word = slot_word(packer.size, self._site.number, self._site.scope, SAMPLED | RANDOM)
        return packer.pack_into, before, word

    def _one(self, shape: str, tail: int) -> tuple[Any, ...]:
        shape = shape.format(head=len(self.head), tail=tail)
        content = Struct("<2s" + shape).size
        before = b"\x12" + varint(content) + _TRACE
        length = Struct(f"<{len(before)}s{shape}").size
        # Header and payload are packed at once: nothing comes in between, and no half of a record is ever there.
        word = header(length, SAMPLED | RANDOM, self._site.scope).to_bytes(RECORD_HEADER_BYTES, "little")
        packer = Struct(f"<{RECORD_HEADER_BYTES + len(before)}s{shape}")
        return packer.pack_into, word + before, room(length)


def _shape(packers: tuple[Any, ...], seen: bytes, tail: bytes) -> Shape:
    show, opening, word, pack, before, size = packers
    return show, opening, seen, word, pack, before, tail, size


def _are_text(values: tuple[Any, ...]) -> bool:
    """Tell whether all values are text or None; no generator, as an interrupt may come at any point of it."""
    for value in values:  # noqa: SIM110
        if value is not None and type(value) is not str:
            return False
    return True
