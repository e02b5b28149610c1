"""The page's own code: one script of modules that fit together, with no way for text to become markup."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files

import pytest

from telemetry.operations.view.script import bundled, page_file

MODULES = sorted(
    each.name for each in files("telemetry.operations.view").joinpath("page").iterdir() if each.name.endswith(".js")
)
TOP = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)


def test_every_module_is_in_the_script() -> None:
    """No module lies there unused, and none is in the script twice."""
    script = bundled()
    for name in MODULES:
        first = page_file(name).splitlines()[0]
        assert first.startswith("// ") and script.count(first) == 1, name


def test_names_at_the_top_are_the_only_ones() -> None:
    """Modules stand behind one another in one script, so no two may have the same name at their top."""
    counts = Counter(name for module in MODULES for name in TOP.findall(page_file(module)))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("module", [*MODULES, "style.css", "index.html"])
def test_nothing_is_loaded_and_nothing_becomes_markup(module: str) -> None:
    """No file names an address, and no code makes elements or code out of text."""
    text = page_file(module)
    for word in (
        "http:",
        "https:",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "@import",
        "</script><",
    ):
        assert word not in text


def test_script_has_no_import_and_no_export_left() -> None:
    """What was divided into modules is one script: nothing in it asks for another file."""
    assert not re.search(r"^\s*(?:import|export)\b", bundled(), re.MULTILINE)
    assert "</script" not in bundled().lower()


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_small(module: str) -> None:
    """A module has one noun and fits the limit of every other file."""
    assert len(page_file(module).splitlines()) <= 400
