"""Write the functions of the module of handles that open each span, and write each log event.

Their parameters are the attributes of a span and the fields of an event: what must be there has no default. At run time
they call `telemetry.span` and the logger. It makes text, and reads no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from textwrap import indent
from typing import Final, final

from .attribute import AttributeContract
from .event import EventContract
from .registry import Registry
from .source import IDENTIFIER, STEP, docstring, literal, paragraphs, quoted
from .span import SpanContract

SPAN_IMPORT: Final = "from telemetry import span as _span\n"
NAMES: Final = ("spans", "events")
"""What the module calls them, so that no metric of that name has a handle."""

TYPES: Final = '''
class OpenSpan(Protocol):
    """A span that is open: `with` makes it the current one, and ends it."""

    def __enter__(self) -> OpenSpan: ...

    def __exit__(self, kind: Any, error: Any, traceback: Any, /) -> None: ...

    def set_attribute(self, key: str, value: Any) -> None:
        """Set an attribute that is known only now."""

    def add_event(self, name: str, attributes: Any = ..., timestamp: Any = ...) -> None:
        """Add what happened at a point of time."""
'''
TYPE_IMPORTS: Final = "    from collections.abc import Mapping\n"

_WRITE: Final = """
def _write(log: Any, severity: str, event: str, fields: Mapping[str, Any]) -> None:
    given = {name: value for name, value in fields.items() if value is not None}
    given.pop("event", None)
    apart = {name: given.pop(name) for name in ("self", "method_name") if name in given}
    if apart:  # names of a logger's own parameters
        from structlog import get_context

        log = log.bind()
        get_context(log).update(apart)
    getattr(log, severity)(event, **given)
"""
_SCALARS: Final[Mapping[str, str]] = {"string": "str", "int": "int", "double": "float", "boolean": "bool"}
_MEANT: Final = frozenset(("staticmethod", "list", "tuple", *_SCALARS.values()))
"""What the class means by a name, so that no function of it has that."""
_SET_ELSEWHERE: Final = frozenset({"host.kind"})
"""What settings put on each span."""

_OF_EACH_LINE: Final = frozenset(
    ("timestamp", "event", "severity", "run_id", "organization_slug", "component", "env", "trace_id", "span_id")
)
_SEVERITIES: Final = ("debug", "info", "warning", "error", "critical")


@final
@dataclass(frozen=True, slots=True)
class Calls:
    """The functions of a registry.

    Attributes:
        source: Their source; empty where there are none.
        left_out: Spans and events that have none, and why.
    """

    source: str
    left_out: Mapping[str, str]


def render_calls(registry: Registry) -> Calls:
    """Write a class `Spans` and a class `Events`, each where the registry has any."""
    left_out: dict[str, str] = {}
    spans = [_span(each, registry) for each in _callable(registry.spans, left_out)]
    events = [_event(each, registry) for each in _callable(registry.events, left_out)]
    blocks = [
        _class("Spans", "`with spans.NAME(...) as span:` opens a span by its contract.", spans),
        _WRITE if events else "",
        _class("Events", "`events.NAME(log, ...)` writes a line by its contract.", events),
    ]
    return Calls("".join(f"\n\n{block.strip()}\n" for block in blocks if block), left_out)


def _callable(table: Mapping[str, SpanContract | EventContract], left_out: dict[str, str]) -> Iterator[str]:
    """Give the names of those that have a function; the others are named with the reason."""
    taken: dict[str, str] = {}
    for name in sorted(table):
        plain = _plain(name)
        if iskeyword(plain) or not re.fullmatch(IDENTIFIER, plain):
            left_out[name] = "its name is no name of a function"
        elif plain in _MEANT:
            left_out[name] = "its name is that of something which the module needs"
        elif plain in taken:
            left_out[name] = f"{taken[plain]!r} is written alike"
        else:
            taken[plain] = name
            yield name


def _plain(name: str) -> str:
    return name.replace(".", "_")


def _class(name: str, title: str, functions: Sequence[str]) -> str:
    if not functions:
        return ""
    body = "\n".join(f"\n{indent(each.strip(), STEP)}" for each in functions)
    return f'class {name}:\n{STEP}"""{title}"""\n{body}\n\n\n{name.lower()} = {name}'


def _span(name: str, registry: Registry) -> str:
    contract = registry.spans[name]
    always = [each for each in registry.attributes.values() if each.required == "always"]
    parameters = _parameters([*contract.attributes.values(), *always], _SET_ELSEWHERE, {"attributes"})
    last = "attributes: Mapping[str, Any] | None = None,\n"
    kind = f"{STEP}kind={quoted(contract.kind)},\n" if contract.kind != "internal" else ""
    pairs = "".join(f"{STEP * 2}{quoted(each.name)}: {key},\n" for key, each in parameters.items())
    facts = f"{contract.kind.capitalize()}; {contract.stability}."
    return (
        f"@staticmethod\ndef {_plain(name)}(\n{STEP}*,\n{_signature(parameters)}{STEP}{last}) -> OpenSpan:\n"
        f"{indent(docstring(paragraphs([contract.description, facts], depth=3)), STEP)}\n"
        f"{STEP}return _span(\n{STEP * 2}{quoted(name)},\n{indent(kind, STEP)}{STEP * 2}attributes={{\n"
        f"{indent(pairs, STEP)}{STEP * 3}**(attributes or {{}}),\n{STEP * 2}}},\n{STEP})"
    )


def _event(name: str, registry: Registry) -> str:
    contract = registry.events[name]
    always = [each for each in registry.fields.values() if each.required == "always"]
    parameters = _parameters([*contract.fields.values(), *always], _OF_EACH_LINE, {"severity", "fields"})
    levels = _SEVERITIES[_SEVERITIES.index(contract.severity) :]
    severity = f"severity: {literal(levels)} = {quoted(contract.severity)},\n"
    pairs = "".join(f"{quoted(each.name)}: {key},\n" for key, each in parameters.items())
    facts = f"{contract.severity.capitalize()} or worse; {contract.stability}."
    return (
        f"@staticmethod\ndef {_plain(name)}(\n{STEP}_log: Any,\n{STEP}/,\n{STEP}*,\n{_signature(parameters)}"
        f"{indent(severity, STEP)}{STEP}fields: Mapping[str, Any] | None = None,\n) -> None:\n"
        f"{indent(docstring(paragraphs([contract.description, facts], depth=3)), STEP)}\n"
        f"{STEP}_write(\n{STEP * 2}_log,\n{STEP * 2}severity,\n{STEP * 2}{quoted(name)},\n{STEP * 2}{{\n"
        f"{indent(pairs, STEP * 3)}{STEP * 3}**(fields or {{}}),\n{STEP * 2}}},\n{STEP})"
    )


def _parameters(
    contracts: Sequence[AttributeContract], elsewhere: frozenset[str], reserved: set[str]
) -> dict[str, AttributeContract]:
    """Give the parameters: those without a default first, each by name; what has no name here is left to the rest."""
    found: dict[str, AttributeContract] = {}
    for each in sorted(contracts, key=lambda each: (each.required != "always", each.name)):
        key = _plain(each.name)
        is_dropped = each.sensitivity == "secret" and each.treatment == "drop"
        if each.is_family or is_dropped or each.name in elsewhere or key in reserved or iskeyword(key):
            continue
        found.setdefault(key, each)
    return found


def _signature(parameters: Mapping[str, AttributeContract]) -> str:
    lines = []
    for key, each in parameters.items():
        lines.append(
            f"{key}: {_type(each)},\n" if each.required == "always" else f"{key}: {_type(each)} | None = None,\n"
        )
    return indent("".join(lines), STEP)


def _type(contract: AttributeContract) -> str:
    scalar, array, _ = contract.type.partition("[]")
    member = literal(contract.values) if contract.values else _SCALARS[scalar]
    return f"list[{member}] | tuple[{member}, ...]" if array else member
