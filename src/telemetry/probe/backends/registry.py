"""The backends that there are, by name.

A new backend is a file beside this one, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telemetry.errors import UnsupportedError
from telemetry.probe.source import suggestion

from .clang import C_CLANG
from .descriptor import BackendDescriptor
from .gcc import C_GCC
from .llvm import LLVM_IR
from .python import PYTHON

_BACKENDS: Final = MappingProxyType({each.name: each for each in (C_GCC, C_CLANG, LLVM_IR, PYTHON)})


def backends() -> Mapping[str, BackendDescriptor]:
    """Return every backend by its name, whether its programs are installed or not.

    >>> sorted(backends())
    ['c-clang', 'c-gcc', 'llvm-ir', 'python']
    """
    return _BACKENDS


def backend(name: str) -> BackendDescriptor:
    """Return one backend.

    Raises:
        UnsupportedError: There is none of that name.
    """
    if name in _BACKENDS:
        return _BACKENDS[name]
    raise UnsupportedError(f"unknown backend `{name}`: {suggestion(name, _BACKENDS)}")
