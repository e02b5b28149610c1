"""Links our context variable and OpenTelemetry's, without importing OpenTelemetry.

Loaded before us, its variable becomes ours. Loaded later, ours becomes its, even inside an open span: a hook waits for
the three modules concerned and changes each right after it has run. Where the names that this needs are absent, its
public attach and detach serve instead.
"""

from __future__ import annotations

import sys

from telemetry._hotpath import SpanBase, ambient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


def _take_context(module: Any) -> None:
    """Meet `opentelemetry.context`: every ambient value becomes a `Context`, and both sides read one variable."""
    ambient.Ambient.__bases__ = (module.Context,)
    runtime = module._RUNTIME_CONTEXT
    theirs = getattr(runtime, "_current_context", None)
    if theirs is None:
        ambient.bind(module.get_current, module.attach, module.detach)
    elif module.__name__ in _met_before:
        ambient.bind(theirs.get, theirs.set, theirs.reset)
    else:
        runtime._current_context = ambient.variable


def _take_key(module: Any) -> None:
    """Meet `opentelemetry.trace.propagation`: both sides keep the current span under one key."""
    if module.__name__ in _met_before or not hasattr(module, "_SPAN_KEY"):
        probe = module.set_span_in_context(None, ambient.Ambient())
        ambient.rekey(next(iter(probe)))
    else:
        module._SPAN_KEY = ambient.span_key()


def _take_span(module: Any) -> None:
    """Meet `opentelemetry.trace.span`: it recognises our spans as its own."""
    module.Span.register(SpanBase)


_MEETINGS: dict[str, Callable[[Any], None]] = {
    "opentelemetry.context": _take_context,
    "opentelemetry.trace.propagation": _take_key,
    "opentelemetry.trace.span": _take_span,
}
_met_before: set[str] = set()
_waiting = dict(_MEETINGS)


class _Hook:
    """A finder that finds nothing itself, but stays with the modules that it waits for until they have run."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Give the ordinary spec with a meeting after its execution; None for every other module."""
        meet = _waiting.pop(name, None)
        if meet is None:
            return None
        if not _waiting:
            sys.meta_path.remove(_Hook)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not _Hook else None
            if spec is not None and spec.loader is not None:
                _run_then(spec.loader, meet)
                return spec
        return None


def _run_then(loader: Any, meet: Callable[[Any], None]) -> None:
    execute = loader.exec_module

    def execute_and_meet(module: ModuleType) -> None:
        execute(module)
        meet(module)

    loader.exec_module = execute_and_meet


def link() -> None:
    """Meet what is loaded, and wait for the rest."""
    for name in list(_waiting):
        module = sys.modules.get(name)
        if module is not None:
            _met_before.add(name)
            _waiting.pop(name)(module)
    if _waiting and _Hook not in sys.meta_path:
        sys.meta_path.insert(0, _Hook)


link()
