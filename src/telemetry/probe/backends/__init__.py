"""From an operator to a source text and the command that builds it: one descriptor a toolchain."""

from __future__ import annotations

from .descriptor import BackendDescriptor, Invocation, Maturity
from .registry import backend, backends

__all__ = ("BackendDescriptor", "Invocation", "Maturity", "backend", "backends")
