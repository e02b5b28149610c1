"""Write the module in which type checkers know each metric, span and event, and what each takes.

It makes text from a registry, and neither reads nor writes files. What it writes types are for checkers only: at run
time a handle is what `telemetry.metric` gives for its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from keyword import iskeyword
from textwrap import indent
from typing import Final

from .calls import NAMES, SPAN_IMPORT, TYPE_IMPORTS, TYPES, render_calls
from .metric import AMBIENT_LABELS, MetricContract
from .registry import Registry
from .source import IDENTIFIER, STEP, WIDTH, camel, docstring, literal, paragraphs

_TAKEN: Final = frozenset(
    ("annotations", "bool", "dict", "float", "getattr", "int", "list", "object", "str", "tuple", *NAMES)
)
"""What the module itself means by a name; a class or an alias cannot clash, for its name has an ending of its kind."""

_TITLE: Final = "Typed handles on the metrics of a registry; made by `telemetry contracts handles`."

_METRIC_IMPORT: Final = "from telemetry import metric as _metric\n"
_CONTEXT_IMPORT: Final = "    from contextlib import AbstractContextManager\n"

_HEAD: Final = """
from __future__ import annotations

from telemetry import metric as _metric

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Literal, Protocol, TypeAlias
"""

_CHILDREN: Final[Mapping[str, str]] = {
    "CounterChild": '''
class CounterChild(Protocol):
    """One series of a counter."""

    def inc(self, amount: float = ..., /) -> None:
        """Add an amount, 1 by default."""
''',
    "GaugeChild": '''
class GaugeChild(Protocol):
    """One series of a gauge."""

    def inc(self, amount: float = ..., /) -> None:
        """Add an amount, 1 by default."""

    def dec(self, amount: float = ..., /) -> None:
        """Take an amount away, 1 by default."""

    def set(self, value: float, /) -> None:
        """Set the value."""
''',
    "SampleChild": '''
class SampleChild(Protocol):
    """One series of a histogram or a summary."""

    def observe(self, value: float, /) -> None:
        """Count a value."""
''',
    "DurationChild": '''
class DurationChild(Protocol):
    """One series of a histogram or a summary of durations."""

    def observe(self, value: float, /) -> None:
        """Count a duration, in the metric's unit."""

    def time(self) -> AbstractContextManager[object, None]:
        """Count how long a `with` block takes."""
        ...
''',
}
"""What records, by the name of its class: each has the operations of its kind, and no other."""


def render_handles(registry: Registry) -> str:
    """Write the source of a module with a typed handle for each metric that code records, each span and each event.

    The same contracts give the same text, whatever the order and the place of their files. What cannot have a handle
    stands in the module's docstring, with the reason.

    >>> contract = MetricContract("builds_total", "counter", "count", "Builds.", "me", ("environment",))
    >>> print(render_handles(Registry(metrics={"builds_total": contract})).splitlines()[-1])
    builds_total: BuildsTotalMetric = _metric("builds_total")
    """
    metrics = [registry.metrics[name] for name in sorted(registry.metrics)]
    left_out = {metric.name: reason for metric in metrics if (reason := _obstacle(metric))}
    handled = [metric for metric in metrics if metric.name not in left_out]
    blocks = [*_aliases(handled, registry.enumerations), *_children(handled)]
    blocks += [_class(metric, registry.enumerations) for metric in handled]
    types = "".join(f"\n{indent(block.strip(), STEP)}\n" for block in blocks)
    handles = "".join(_assignment(metric.name) for metric in handled)
    calls = render_calls(registry)
    head = _head(registry) + (f"\n{indent(TYPES.strip(), STEP)}\n" if registry.spans else "")
    text = f"{_docstring({**left_out, **calls.left_out})}\n{head}{types}\n\n{handles}{calls.source}"
    return re.sub("\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"


def _head(registry: Registry) -> str:
    """Import what the module needs: more where it has functions for spans and events."""
    if not (registry.spans or registry.events):
        return _HEAD
    head = _HEAD.replace(_METRIC_IMPORT, _METRIC_IMPORT + SPAN_IMPORT) if registry.spans else _HEAD
    return head.replace(_CONTEXT_IMPORT, TYPE_IMPORTS + _CONTEXT_IMPORT).replace(
        "import Literal", "import Any, Literal"
    )


def _obstacle(metric: MetricContract) -> str:
    """Say why a metric has no handle; nothing when it has one."""
    if metric.share is not None:
        return "derived, so no code records it"
    if metric.counts:
        return f"it counts what is written to {metric.counts}"
    if not _is_free(metric.name):
        return "its name is no free name of a variable"
    unfit = [label for label in metric.labels if iskeyword(label)]
    return f"its label {unfit[0]!r} is no name of a parameter" if unfit else ""


def _is_free(name: str) -> bool:
    return bool(re.fullmatch(IDENTIFIER, name)) and name not in _TAKEN and not iskeyword(name)


def _docstring(left_out: Mapping[str, str]) -> str:
    lines = ["Do not edit it: change the registry, and make it again."]
    if left_out:
        lines += ["", "Without a handle:", *(f"- {name}: {reason}" for name, reason in left_out.items())]
    return docstring([_TITLE, "", *lines])


def _aliases(metrics: Iterable[MetricContract], enumerations: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    used = {label for metric in metrics for label in metric.labels if _has_alias(metric, label, enumerations)}
    for label in sorted(used):
        yield f"{camel(label)}Value: TypeAlias = {literal(enumerations[label])}"


def _has_alias(metric: MetricContract, label: str, enumerations: Mapping[str, tuple[str, ...]]) -> bool:
    """Tell whether a label takes all values of its enumeration, which one alias then stands for."""
    return bool(re.fullmatch(IDENTIFIER, label)) and metric.values.get(label) == frozenset(enumerations.get(label, ()))


def _children(metrics: Iterable[MetricContract]) -> Iterator[str]:
    used = {_child(metric) for metric in metrics}
    return (text for name, text in _CHILDREN.items() if name in used)


def _child(metric: MetricContract) -> str:
    if metric.kind in ("counter", "gauge"):
        return f"{metric.kind.capitalize()}Child"
    return "DurationChild" if metric.duration_scale else "SampleChild"


def _class(metric: MetricContract, enumerations: Mapping[str, tuple[str, ...]]) -> str:
    """Write the class of a handle; one whose labels all come from settings records directly too."""
    child = _child(metric)
    bases = f"{child}, Protocol" if set(metric.labels).issubset(AMBIENT_LABELS) else "Protocol"
    labels = [_parameter(metric, label, enumerations) for label in metric.labels]
    first = ["_self", "/"] if "self" in metric.labels else ["self"]
    parameters = "".join(f"{each},\n" for each in [*first, "*", *labels])
    signature = f"(\n{indent(parameters, STEP)})" if labels else "(self)"
    lookup = f'def labels{signature} -> {child}:\n{STEP}"""Give what records for these label values."""\n{STEP}...'
    return f"class {_type_name(metric.name)}({bases}):\n{indent(_description(metric), STEP)}\n\n{indent(lookup, STEP)}"


def _type_name(metric: str) -> str:
    return f"{camel(metric)}Metric"


def _parameter(metric: MetricContract, label: str, enumerations: Mapping[str, tuple[str, ...]]) -> str:
    default = " = ..." if label in AMBIENT_LABELS else ""
    if label not in metric.values:
        return f"{label}: str{default}"
    if _has_alias(metric, label, enumerations):
        return f"{label}: {camel(label)}Value{default}"
    return f"{label}: {literal(metric.values[label])}{default}"


def _description(metric: MetricContract) -> str:
    since = f" since {metric.since}" if metric.since else ""
    facts = f"{metric.kind.capitalize()}; unit: {metric.unit}; owner: {metric.owner}; {metric.stability}{since}."
    successor = [f"Use {metric.replaced_by} in its place."] if metric.replaced_by else []
    return docstring(paragraphs([metric.description, facts, *successor], depth=3))


def _assignment(name: str) -> str:
    line = f'{name}: {_type_name(name)} = _metric("{name}")'
    return f"{line}\n" if len(line) <= WIDTH else f'{name}: {_type_name(name)} = _metric(\n{STEP}"{name}"\n)\n'
