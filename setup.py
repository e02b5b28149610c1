"""Builds every `.pyx` of the package where there is a compiler; without one an install runs pure Python."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("src")
# What a debugger reads would make the files ten times as large; who checks memory wants it.
DEBUG = [] if "-g" in os.environ.get("CFLAGS", "").split() else ["-g0"]


def extensions() -> list[Extension]:
    """Give the extensions of this build; none on a free-threaded interpreter, whose lock they would switch on."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return []
    from Cython.Build import cythonize

    paths = sorted(SOURCES.rglob("*.pyx"))
    built: list[Extension] = cythonize(
        [_extension(path) for path in paths],
        build_dir="build/cython",
        include_path=[str(path.parent) for path in paths],
        language_level=3,
    )
    return built


def _extension(path: Path) -> Extension:
    name = ".".join(path.relative_to(SOURCES).with_suffix("").parts)
    pieces = [str(piece) for suffix in ("*.pxi", "*.pxd", "*.h") for piece in sorted(path.parent.rglob(suffix))]
    return Extension(
        name,
        [str(path)],
        depends=pieces,
        include_dirs=[str(path.parent)],
        extra_compile_args=["-O3", *DEBUG, "-fno-plt", "-fvisibility=hidden"],
        optional=True,
    )


setup(ext_modules=extensions())
