"""What is not Python is in the wheel too, because the build is told so."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

from tests.architecture.source import PACKAGE, ROOT, SRC, shown

SOURCES = {".c", ".h", ".pyx", ".pxd", ".pxi"}
NOT_DATA = {".py", ".pyc", ".so", *SOURCES}


def shipped() -> dict[Path, list[str]]:
    """Read the patterns of the build, by the folder that they are relative to."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns: dict[str, list[str]] = settings["tool"]["setuptools"]["package-data"]
    return {SRC / name.replace(".", "/"): globs for name, globs in patterns.items()}


def test_data_files_are_matched_by_the_build() -> None:
    """Each file that is not code lies where a pattern of the build takes it along."""
    data = [path for path in (SRC / PACKAGE).rglob("*") if path.is_file() and path.suffix not in NOT_DATA]
    lost = [
        str(path.relative_to(ROOT))
        for path in data
        if not any(
            path.is_relative_to(folder) and any(fnmatch(str(path.relative_to(folder)), each) for each in globs)
            for folder, globs in shipped().items()
        )
    ]
    assert not lost, shown(lost)


def test_sources_of_the_extensions_are_in_the_source_distribution() -> None:
    """Each file that a compiler reads is matched by the manifest: an install from source builds the compiled twin."""
    commands = [line.split() for line in (ROOT / "MANIFEST.in").read_text().splitlines()]
    globs = [glob for command, folder, *globs in commands if (command, folder) == ("recursive-include", "src")
             for glob in globs]  # fmt: skip
    sources = [path for path in (SRC / PACKAGE).rglob("*") if path.suffix in SOURCES]
    assert {path.suffix for path in sources} >= {".h", ".pxi", ".pyx"}
    assert not (lost := [str(path) for path in sources if not any(map(path.match, globs))]), shown(lost)


def test_sources_of_the_extensions_are_not_in_the_wheel() -> None:
    """What is installed has the extension, or runs without; its sources would only be dead weight."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert settings["tool"]["setuptools"]["include-package-data"] is False


def test_patterns_of_the_build_match_something() -> None:
    """A pattern that matches no file tells of a file that was moved and is lost."""
    stale = [
        f"{folder.relative_to(SRC)}/{each}"
        for folder, globs in shipped().items()
        for each in globs
        if not any(folder.glob(each))
    ]
    assert not stale, shown(stale)


def test_types_are_shipped() -> None:
    """The marker that tells type checkers to trust the package is there and is taken along (PEP 561)."""
    assert (SRC / PACKAGE / "py.typed").is_file()
    assert "py.typed" in shipped()[SRC / PACKAGE]


def test_licence_is_whole() -> None:
    """The licence that the metadata names lies beside it, with its terms and its appendix."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert settings["license"] == "Apache-2.0"
    assert settings["license-files"] == ["LICENSE"]
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
