"""The `c-gcc` backend: C, built by GCC."""

from __future__ import annotations

from typing import Final

from . import csource
from .descriptor import WORKSPACE, BackendDescriptor


def _command(source: str, output: str) -> tuple[str, ...]:
    # The seed and the prefix map keep random symbol suffixes and folder names out of the result.
    reproducible = (f"-frandom-seed={source}", f"-ffile-prefix-map={WORKSPACE}=.")
    return (
        *("gcc", "-std=c11", "-O2", "-g", "-Wall", "-fPIC", "-fvisibility=hidden", "-shared"),
        *(*reproducible, "-Wl,--build-id=sha1", "-o", output, source),
    )


C_GCC: Final = BackendDescriptor(
    name="c-gcc",
    maturity="stable",
    binaries=("gcc",),
    interface="native",
    source_suffix=".c",
    output_suffix=".so",
    translate=csource.translate,
    command=_command,
)
