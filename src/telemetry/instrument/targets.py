"""Targets: functions that are instrumented without touching their code, as a settings file lists them.

The words are those of the decorators. Nothing is imported or patched here: `patching` does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, final

from telemetry._hotpath import read
from telemetry.errors import ConfigurationError, ContractError

from .binding import metric_breaches, span_breaches
from .declaration import Declarations, MetricDeclaration, SpanDeclaration

PROGRAM: Final = "__main__"
"""The target that is the whole program, from its start to its exit."""

_NAME: Final = "{name}"
_TABLES: Final = ("attributes", "capture", "result")
_KEYS: Final = ("target", "span", *_TABLES, "kind", "context", "metrics")
_METRIC_TABLES: Final = ("labels", "capture", "error")
_METRIC_KEYS: Final = ("name", *_METRIC_TABLES, "on", "value")
_GLOB: Final = re.compile(r"[*?\[]")


@final
@dataclass(frozen=True, slots=True)
class Target:
    """One entry of the list.

    Attributes:
        text: As it is written: `module:Class.method`, both sides with globs, or `PROGRAM`.
        span: The name of the span; `{name}` in it becomes the name of the function. Empty for metrics only.
        options: The other arguments of the span.
        metrics: The metrics, as `record_metric` declares them.
    """

    text: str
    span: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[MetricDeclaration, ...] = ()

    @property
    def module(self) -> str:
        """The module, or a glob of modules."""
        return self.text.partition(":")[0]

    @property
    def path(self) -> tuple[str, ...]:
        """What leads from the module to the function, each part a name or a glob."""
        return tuple(self.text.partition(":")[2].split("."))

    def takes_module(self, name: str) -> bool:
        """Tell whether its function may be in the module of this name."""
        return fnmatchcase(name, self.module)

    def declare(self, name: str, before: Declarations) -> Declarations:
        """Give what is declared for the function of this name, beside what its author has declared."""
        span = SpanDeclaration(self.span.replace(_NAME, name), **self.options) if self.span else before.span
        return Declarations(span, (*self.metrics, *before.metrics), before.place, is_lenient=True)


def targets_of(tables: Sequence[Mapping[str, Any]]) -> tuple[Target, ...]:
    """Read the entries of the list.

    Raises:
        ConfigurationError: One is no target; it says which, what is wrong with it, and what would be right.
    """
    return tuple(_target(number, table) for number, table in enumerate(tables, 1))


def is_glob(text: str) -> bool:
    """Tell whether a part of a target stands for many names."""
    return _GLOB.search(text) is not None


def check_targets(targets: Sequence[Target], registry: Any, ambient: Collection[str]) -> None:
    """Check what is known before any function is: the names that the registry must have.

    Args:
        targets: All of them; a span with `{name}` is checked when its functions are found.
        registry: The contracts in force.
        ambient: The labels that settings give.

    Raises:
        ContractError: With all findings, each with its target.
    """
    findings = [f"target {each.text!r}: {breach}" for each in targets for breach in _breaches(each, registry, ambient)]
    if findings:
        raise ContractError(*findings)


def _breaches(target: Target, registry: Any, ambient: Collection[str]) -> list[str]:
    found = []
    if target.span and _NAME not in target.span:
        found = span_breaches(SpanDeclaration(target.span, **target.options), registry)
    for metric in target.metrics:
        try:
            found += metric_breaches(metric, registry.metric(metric.name), ambient)
        except ContractError as error:
            found += error.findings
    return found


def _target(number: int, table: Mapping[str, Any]) -> Target:
    text = table.get("target")
    place = f"target {text!r}" if text else f"target number {number}"
    try:
        _refuse_unknown(table, _KEYS)
        _refuse_unfit(text)
        metrics = tuple(_metric(given) for given in _tables(table, "metrics"))
        span = _word(table, "span")
        _refuse_unfinished(text == PROGRAM, span, metrics, table)
        options: dict[str, Any] = {name: _table(table, name) for name in _TABLES}
        options |= {name: table[name] for name in ("kind", "context") if name in table}
        SpanDeclaration(span, **options)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{place}: {error}") from None
    return Target(str(text), span, options, metrics)


def _refuse_unfit(text: object) -> None:
    module, colon, path = text.partition(":") if isinstance(text, str) else ("", "", "")
    if text == PROGRAM or (module and colon and all(path.split("."))):
        return
    raise ValueError(
        'is no "module:function" or "module:Class.method", either side with globs such as * if need be, '
        f'nor "{PROGRAM}" for the whole program'
    )


def _refuse_unfinished(is_program: bool, span: str, metrics: Sequence[Any], table: Mapping[str, Any]) -> None:
    if not span and not metrics:
        raise ValueError('has neither a span nor metrics; name one of the registry as span = "…"')
    if is_program and (metrics or table.keys() & {"capture", "result"}):
        raise ValueError("is the whole program, which has a span with attributes, and no more; leave out the rest")


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str]) -> None:
    unknown = sorted(table.keys() - set(known))
    if unknown:
        raise ValueError(f"has {unknown[0]!r}; it may have {', '.join(known)}")


def _metric(table: Mapping[str, Any]) -> MetricDeclaration:
    _refuse_unknown(table, _METRIC_KEYS)
    name = _word(table, "name")
    if not name:
        raise ValueError('has a metric without a name; give it one of the registry as name = "…"')
    value = _word(table, "value")
    options = {each: _table(table, each) for each in _METRIC_TABLES}
    return MetricDeclaration(name, **options, on=table.get("on", "always"), value=_reading(value) if value else None)


def _reading(path: str) -> Callable[[Any], float]:
    names = tuple(path.split("."))
    return lambda result: float(read(result, names))


def _word(table: Mapping[str, Any], key: str) -> str:
    found = table.get(key, "")
    if not isinstance(found, str):
        raise TypeError(f"{key} = {found!r} must be text")
    return found


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, Mapping) or (key != "attributes" and not all(isinstance(v, str) for v in found.values())):
        raise TypeError(f"{key} = {found!r} must be a table of names and paths, such as {{'backend.name' = 'backend'}}")
    return found


def _tables(table: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    found = table.get(key, ())
    if not isinstance(found, Sequence) or not all(isinstance(each, Mapping) for each in found):
        raise TypeError(f"{key} = {found!r} must be a list of tables")
    return found
