"""What mypy and pyright say about code that records with typed handles."""

from __future__ import annotations

import re

import pytest
from tests.handles.cases import CASES
from tests.handles.modules import EXAMPLE, Verdicts


@pytest.mark.parametrize(("code", "pattern"), CASES, ids=[code for code, _ in CASES])
def test_a_mistake_fails_type_checking(verdicts: Verdicts, code: str, pattern: str) -> None:
    """A wrong name, label, value or operation is named in its line, with what would be right where that is known."""
    line = 2 + [each for each, _ in CASES].index(code)
    assert re.search(pattern, verdicts.get(("written/bad.py", line), "nothing"))


def test_each_mistake_is_found_once(verdicts: Verdicts) -> None:
    """Nothing is said about the lines between."""
    assert sum(file == "written/bad.py" for file, _ in verdicts) == len(CASES)


def test_what_is_right_passes(verdicts: Verdicts) -> None:
    """The module itself fits what `telemetry.metric` really gives, and right code, the example's too, has no error."""
    assert {file for file, _ in verdicts} == {"written/bad.py", "renamed/imaging/__main__.py"}


def test_a_renamed_label_fails_the_code_that_uses_it(verdicts: Verdicts) -> None:
    """A label that gets another name in the registry is an error in each line that has the old one."""
    source = (EXAMPLE / "imaging" / "__main__.py").read_text().splitlines()
    using = {("renamed/imaging/__main__.py", line) for line, text in enumerate(source, 1) if "compressor=" in text}
    found = {place: text for place, text in verdicts.items() if place[0].startswith("renamed")}
    assert found.keys() == using and using
    assert all('Unexpected keyword argument "compressor"' in text for text in found.values())


SAME = {
    "arg-type": "reportArgumentType",
    "attr-defined": "reportAttributeAccessIssue",
    "call-arg": "reportCallIssue",
    "misc": "reportCallIssue",
}
"""What mypy calls a mistake, and what pyright does."""


def test_pyright_finds_the_same(verdicts: Verdicts, rules: dict[tuple[str, int], set[str]]) -> None:
    """Each mistake is one for pyright too, of the same sort; what is right, the module itself among it, passes."""
    codes = {place: re.findall(r"\[([a-z-]+)\]$", text)[0] for place, text in verdicts.items()}
    assert codes.keys() == rules.keys()
    assert [place for place, code in codes.items() if SAME[code] not in rules[place]] == []
