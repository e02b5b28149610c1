"""The `c-clang` backend: the same C as for GCC, built by Clang."""

from __future__ import annotations

from typing import Final

from . import csource
from .descriptor import WORKSPACE, BackendDescriptor


def _command(source: str, output: str) -> tuple[str, ...]:
    return (
        *("clang", "-std=c11", "-O2", "-g", "-Wall", "-fPIC", "-fvisibility=hidden", "-shared"),
        *(f"-ffile-prefix-map={WORKSPACE}=.", "-Wl,--build-id=sha1", "-o", output, source),
    )


C_CLANG: Final = BackendDescriptor(
    name="c-clang",
    maturity="stable",
    binaries=("clang",),
    interface="native",
    source_suffix=".c",
    output_suffix=".so",
    translate=csource.translate,
    command=_command,
)
