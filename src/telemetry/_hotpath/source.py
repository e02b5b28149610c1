"""Writes the pure wrapper of a function: one with exactly the wrapped one's parameters.

A generated function with an exact signature costs a fifth of a `*args, **kwargs` closure, and its body holds only
what this site needs. The text is compiled once for all sites of one shape; what differs is passed in as closure
variables.
"""

from __future__ import annotations

from bisect import bisect_left
from time import monotonic_ns, time_ns
from types import CodeType, FunctionType

from . import ambient, extent
from .bound import BoundCells
from .drive import below, follow, give_up, results_of
from .failure import WRAPPER_FILE
from .packing import Packing
from .parameters import Parameters
from .site import Site, Source
from .span import Span, new_trace, show_open
from .values import capture, clean, label, missed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PREFIX = "_telemetry_"
_UNUSUAL = " or ".join(
    (
        "@slot is None",
        "not @slot.mark",
        "@span.elapsed_ns is not None",
        "@span.more is not None",
        "@span.extra is not None",
        "@span.trace is not @trace",
    )
)
_compiled: dict[str, CodeType] = {}

_SHARED: dict[str, Any] = {
    "AttributeError": AttributeError,  # builtins too: a parameter of the user's may bear any of these names
    "BaseException": BaseException,
    "Exception": Exception,
    "KeyError": KeyError,
    "Span": Span,
    "below": below,
    "end_tag": b"\x41",
    "bisect": bisect_left,
    "bool": bool,
    "callable": callable,
    "capture": capture,
    "clean": clean,
    "follow": follow,
    "int": int,
    "give_up": give_up,
    "label": label,
    "len": len,
    "missed": missed,
    "monotonic": monotonic_ns,
    "now": time_ns,
    "results_of": results_of,
    "new_trace": new_trace,
    "parent_tag": b"\x22\x08",
    "show_open": show_open,
    "span_tag": b"\x12\x08",
    "str": str,
    "type": type,
}


def synchronous(function: Callable[..., Any], site: Site, parameters: Parameters) -> Callable[..., Any]:
    """Wrap a function that returns when its work is done (or returns a coroutine, which is then followed).

    The context is set and reset within the `try`, so that an interrupt in between does not leave it set.
    """
    packing = site.packing = (site.packing or Packing(site)) if site.is_plain else None
    cells = BoundCells(site)
    names = {
        **_SHARED,
        **_of_site(site),
        "bind": cells.bind,
        "cells": cells.flat,
        "coroutine": _COROUTINE,
        "function": function,
        "ring": site.ring,
        **(_of_table(site.ring) if site.ring else {}),
        "succeed": site.succeed,
        "watch": site.watch,
        **{f"bounds{index}": spec[0] for index, spec in enumerate(site.metrics) if spec and spec[0]},
        **({"forms": packing.forms, "head": packing.head} if packing else {}),
    }
    labels = _labels(site)
    span, token, outer = ("@span", "@token", "@outer") if site.name else ("None", "None", "None")
    lines = [
        *_captures(site, parameters),
        *(_open_span(site) if site.name else ("@begun = @monotonic()",)),
        "try:",
        *(("    @token = @set(@inner)",) if site.name else ()),
        f"    @result = @function({parameters.call})",
        "    @elapsed = @monotonic() - @begun",
        *(("    @reset(@token)",) if site.name else ()),
        "except @BaseException as @error:",
        f"    @give_up(@site, {span}, {token}, {labels}, @begun, @error, {outer})",
        "    raise",
        "if @type(@result) is @coroutine:",
        f"    return @follow(@site, {span}, {labels}, @begun, @result)",
        *_metrics(site),
        *_close_span(site),
        "return @result",
    ]
    return _build(lines, names, parameters)


def deferred(
    function: Callable[..., Any], site: Site, parameters: Parameters, drive: Callable[..., Any]
) -> Callable[..., Any]:
    """Wrap a function whose call only makes a coroutine or generator; values are captured at the call all the same."""
    names = {**_SHARED, **_of_site(site), "drive": drive, "function": function}
    args, kwargs = parameters.arguments
    lines = [
        *_captures(site, parameters),
        f"return @drive(@site, {_values(site)}, {_labels(site)}, @function, {args}, {kwargs})",
    ]
    return _build(lines, names, parameters)


def _of_site(site: Site) -> dict[str, Any]:
    sources = {f"source{index}": source for index, source in enumerate(site.sources)}
    return {"count": site.count, "site": site, **sources}


def _of_table(ring: Any) -> dict[str, Any]:
    table = ring.open
    return {"free": table.free, "table": table.memory, "words": ring.words, "ring": ring}


def _build(lines: list[str], names: dict[str, Any], parameters: Parameters) -> Callable[..., Any]:
    body = "".join(f"        {line}\n" for line in lines)
    listed = ", ".join("@" + name for name in sorted(names))
    text = f"def build({listed}):\n    def @wrapper({parameters.signature}):\n{body}    return @wrapper\n"
    text = text.replace("@", _PREFIX)
    if text not in _compiled:
        _compiled[text] = compile(text, WRAPPER_FILE, "exec")
    found: dict[str, Any] = {}
    exec(_compiled[text], ambient.__dict__, found)  # noqa: S102 -- ours; only identifiers come from outside
    wrapper: FunctionType = found["build"](**{_PREFIX + name: value for name, value in names.items()})
    return parameters.dress(wrapper)


def _captures(site: Site, parameters: Parameters) -> list[str]:
    lines = []
    for index, source in enumerate(site.sources):
        careful = f"@capture(@source{index}, {parameters.mapping}, @count)"
        lines += _read(index, source, careful)
        if index in site.labels:
            lines += [f"if @type(@v{index}) is @str:", f"    @l{index} = @v{index}", "else:"]
            lines += [f"    @v{index} = {_tidied(index, source, careful)}", f"    @l{index} = @label(@v{index})"]
        else:
            lines += [f"if @type(@v{index}) is not @str and @type(@v{index}) is not @bool:"]
            lines += [f"    @v{index} = {_tidied(index, source, careful)}"]
    return lines


def _read(index: int, source: Source, careful: str) -> list[str]:
    """Read attributes at full speed; what turns out otherwise, such as a mapping, is read again with care."""
    if source.function is not None or source.convert is not None:
        return [f"@v{index} = {careful}"]
    expression = ".".join((source.parameter, *source.path))
    if not source.path:
        return [f"@v{index} = {expression}"]
    return [
        "try:",
        f"    @v{index} = {expression}",
        "except @AttributeError:",
        f"    @v{index} = {careful}",
        "except @Exception as @error:",
        f"    @v{index} = @missed(@source{index}, @error, @count)",
    ]


def _tidied(index: int, source: Source, careful: str) -> str:
    """Give the text that makes an attribute value of what was read; a mapping's method stands before its key."""
    return f"{careful} if @callable(@v{index}) else @clean(@v{index})" if source.path else f"@clean(@v{index})"


def _open_span(site: Site) -> list[str]:
    return [
        "@span = @Span()",
        "@span.site = @site",
        "@number = @span.number = @bits(64) or 1",
        f"@values = @span.values = {_values(site)}",
        "@span.elapsed_ns = @span.extra = @span.more = @span.context_token = @span.slot = @slot = @token = None",
        "@outer = @get()",
        "if not @outer:",
        "    @trace = @span.trace = @bits(128) or 1 if @decide is None else @new_trace()",
        "    @span.parent = @above = None",
        "    @inner = @ambient()",
        "    @fill(@inner, @key, @span)",
        "elif @type(@outer) is @ambient and @type(@parent := @outer.get(@key)) is @Span:",
        "    @trace = @span.trace = @parent.trace",
        "    @span.parent = @parent",
        "    @above = @parent.number",
        "    @inner = @ambient(@outer) if @len(@outer) > 1 else @ambient()",
        "    @put(@inner, @key, @span)",
        "else:",
        "    @inner = @below(@span, @outer)",
        "    @trace = @span.trace if @span.parent is None else None",
        "    @above = None",
        "@span.start_ns = @start = @now()",
        "@span.begun = @begun = @monotonic()",
        *(("@watch.started(@span, @outer)",) if site.watch is not None else ()),
        *(_show_open() if site.is_plain and site.watch is None else ("@show_open(@span)",)),
    ]


def _show_open() -> list[str]:
    """Fill a slot, the word last; what is new or has no slot goes the general way, at its end too."""
    ids = "@table, @slot.place, @opening, @id, @span_tag, @number"
    return [
        "@form = @forms.get(@values)",
        "if @form and @free and @type(@trace) is @int:",
        "    @show, @opening, @seen, @word, @pack, @before, @tail, @room = @form[@above is not None]",
        "    @id = @trace.to_bytes(16)",
        "    @slot = @span.slot = @free.pop()",
        "    @slot.begun = @begun",
        "    if @above is None:",
        f"        @show({ids}, @head, @start, @seen)",
        "    else:",
        f"        @show({ids}, @parent_tag, @above, @head, @start, @seen)",
        "    @words[@slot.mark] = @word",
        f"    @words[{extent.STARTED}] += 1",
        "else:",
        "    @show_open(@span)",
    ]


def _close_span(site: Site) -> list[str]:
    if not site.name:
        return []
    results = ["@results_of(@site, @span, @result)"] if site.results else []
    if not site.is_plain or site.watch is not None:
        return [*results, "@span.finish(@elapsed)"]
    return [
        *results,
        f"if {_UNUSUAL}:",
        "    @span.finish(@elapsed)",
        "    return @result",
        "@span.elapsed_ns = @elapsed",
        "@segment = @ring.current",
        "@at = @segment.head",
        "@after = @at + @room",
        "if @after > @segment.limit:",
        "    @segment, @at = @ring.turn(@room)",
        "else:",
        "    @segment.head = @after",
        *_pack(),
    ]


def _pack() -> list[str]:
    """Write the record and free the slot: an interrupt comes after the one or the other, and both are done."""
    ids = "@segment.memory, @at, @before, @id, @span_tag, @number"
    times = "@head, @start, @end_tag, @start + @elapsed, @tail"
    return [
        "try:",
        "    if @above is None:",
        f"        @pack({ids}, {times})",
        "    else:",
        "        @span.parent = @above",
        f"        @pack({ids}, @parent_tag, @above, {times})",
        "except @BaseException:",
        "    @ring.tear(@segment, @at, @room)",
        "    raise",
        "finally:",
        "    @mark = @slot.mark",
        "    if @mark:",
        "        @words[@mark] = 0",
        "        @free.append(@slot)",
        "    else:",
        f"        @words[{extent.STARTED}] += 1",
    ]


def _metrics(site: Site) -> list[str]:
    lines = []
    labels = _labels(site)
    if site.metrics:
        flat = ", ".join(_flat(index, spec) for index, spec in enumerate(site.metrics))
        lines += [*_find_cells(site, labels), f"{flat}, = @bound"]
    for index, spec in enumerate(site.metrics):
        if spec is None:
            lines.append(f"@d{index}[@i{index}] += 1.0")
        elif spec[0] is None:
            lines.append(f"@w{index}(@elapsed * {spec[1]!r})")
        else:
            lines.append(f"@x = @elapsed * {spec[1]!r}")
            lines.append(f"@q{index}[@i{index} + @bisect(@bounds{index}, @x)] += 1")
            lines.append(f"@d{index}[@s{index}] += @x")
    if site.succeed is not None:
        lines.append(f"@succeed({labels}, @elapsed, @result)")
    return lines


def _find_cells(site: Site, labels: str) -> list[str]:
    """Find the cells of a combination of labels; the form of captured values remembers what they lead to."""
    found = ["try:", f"    @bound = @cells[{labels}]", "except @KeyError:", f"    @bound = @bind({labels})"]
    if not site.name or not site.is_plain or site.watch is not None:
        return found
    return [
        "@bound = @form[2] if @form else None",
        "if @bound is None:",
        *(f"    {line}" for line in found),
        f"    if @form and {labels} in @cells:",
        "        @form[2] = @bound",
    ]


def _flat(index: int, spec: tuple[Any, float] | None) -> str:
    if spec is None:
        return f"@d{index}, @i{index}"
    return f"@w{index}" if spec[0] is None else f"@q{index}, @i{index}, @d{index}, @s{index}"


def _values(site: Site) -> str:
    return "(" + "".join(f"@v{index}, " for index in range(len(site.sources))) + ")"


def _labels(site: Site) -> str:
    return "(" + "".join(f"@l{index}, " for index in site.labels) + ")"


async def _coroutine() -> None:
    """Give the type that the interpreter makes of `async def`."""


_made = _coroutine()
_COROUTINE = _made.__class__
_made.close()
