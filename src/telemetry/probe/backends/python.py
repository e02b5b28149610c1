"""The `python` backend: a module that needs nothing but Python.

It is compiled to byte code that has neither a date nor a folder in it.
"""

from __future__ import annotations

import sys
from typing import Final

from . import pysource
from .descriptor import BackendDescriptor

# Hash-based and unchecked: neither the time of the source nor its folder enters the file (PEP 552).
_COMPILE = (
    "import py_compile, sys; "
    "py_compile.compile(sys.argv[1], sys.argv[2], dfile=sys.argv[1], doraise=True, "
    "invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
)


def _command(source: str, output: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-B", "-c", _COMPILE, source, output)


PYTHON: Final = BackendDescriptor(
    name="python",
    maturity="stable",
    binaries=(sys.executable,),
    interface="python",
    source_suffix=".py",
    output_suffix=".pyc",
    translate=pysource.translate,
    command=_command,
)
