"""Links our context variable and OpenTelemetry's, without importing OpenTelemetry.

Loaded before us, its variable becomes ours. Loaded later, ours becomes its, even inside an open span: a hook waits for
the modules concerned, meets each right after it has run, and goes away after the last. Where the names that this
needs are absent, its public attach and detach serve instead. Whatever goes wrong here, the import goes on.
"""

from __future__ import annotations

import sys
from _contextvars import Token

from telemetry._hotpath import ambient, twin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Meet = Callable[[Any, bool], None]
    """Called with a module, and whether it was there before us."""


def _take_context(module: Any, was_first: bool) -> None:
    """Meet `opentelemetry.context`: every ambient value becomes a `Context`, and both sides read one variable."""
    try:  # noqa: SIM105 -- contextlib takes longer to import than all of this room
        ambient.Ambient.__bases__ = (module.Context,)
    except TypeError:  # a Context of another layout: then ours only behaves as one
        pass
    runtime = getattr(module, "_RUNTIME_CONTEXT", None)
    theirs = getattr(runtime, "_current_context", None)
    if runtime is None or theirs is None:
        _share_publicly(module)
    elif was_first:
        ambient.bind(theirs.get, theirs.set, theirs.reset)
    else:
        runtime._current_context = ambient.variable


def _share_publicly(module: Any) -> None:
    """Use a runtime context that has no variable to share, and keep it in step with ours while spans are open there."""

    def reset(token: Any) -> None:
        if isinstance(token, Token) and token.var is ambient.variable:
            ambient.variable.reset(token)
            module.attach(ambient.variable.get())
        else:
            module.detach(token)

    if ambient.current():
        module.attach(ambient.current())
    ambient.bind(module.get_current, module.attach, reset)


def _take_key(module: Any, was_first: bool) -> None:
    """Meet `opentelemetry.trace.propagation`: both sides keep the current span under one key."""
    if was_first or not hasattr(module, "_SPAN_KEY"):
        probe = module.set_span_in_context(None, ambient.Ambient())
        ambient.rekey(next(iter(probe)))
    else:
        module._SPAN_KEY = ambient.span_key()


def _take_span(module: Any, _: bool) -> None:
    """Meet `opentelemetry.trace.span`: it recognises our spans as its own."""
    for base in twin.SPAN_BASES:
        module.Span.register(base)


_waiting: dict[str, Meet] = {
    "opentelemetry.context": _take_context,
    "opentelemetry.trace.propagation": _take_key,
    "opentelemetry.trace.span": _take_span,
}


def _meet(module: Any, *, was_first: bool) -> None:
    """Meet a module, once; a release that differs from what is expected here stays apart, and works."""
    meet = _waiting.pop(module.__name__, None)
    if meet is None:
        return
    try:
        meet(module, was_first)
    except Exception:  # noqa: BLE001 -- their import must not fail for our sake
        return
    finally:
        if not _waiting:
            # A new list: removing from the old one would make an import that is under way skip a finder.
            sys.meta_path = [finder for finder in sys.meta_path if finder is not _Hook]


class _Hook:
    """A finder that finds nothing itself, but stays with the modules that it waits for until they have run."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Give the ordinary spec with a meeting after its execution; None for every other module."""
        if name not in _waiting:
            return None
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None) if finder is not _Hook else None
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)  # type: ignore[assignment]  # a loader by what it does
                return spec
        return None


class _Loader:
    """Stands before a module's own loader until the module has run; a zip's loader is shared, so none is changed."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        """Let the loader make the module."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Let the loader run the module as if nobody stood before it, and meet it."""
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _meet(module, was_first=False)


def meet(name: str, function: Meet) -> None:
    """Have a function called once with a module of OpenTelemetry's, now if it is loaded, else as soon as it is.

    It is called with the module, and whether that was there before. What it raises goes no further.
    """
    _waiting[name] = function
    link()


def link() -> None:
    """Meet what is loaded, and wait for the rest."""
    for name in list(_waiting):
        module = sys.modules.get(name)
        if module is not None:
            _meet(module, was_first=True)
    if _waiting and _Hook not in sys.meta_path:
        sys.meta_path.insert(0, _Hook)


link()
