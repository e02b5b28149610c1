"""What the gate writes for those who run it: JUnit XML, and annotations and a summary on GitHub."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from junitparser import JUnitXml
from tests.acceptance.conftest import SPECS, Probe

from telemetry.contracts import CODES

MINE = '''
import telemetry

def good():
    """Record one stage."""
    with telemetry.span("spec.parse"):
        pass

async def later():
    """Record one stage, in a coroutine."""
    with telemetry.span("spec.parse"):
        pass

def bad():
    """Record what nobody agreed to, and fail."""
    with telemetry.span("pipeline.run"):
        telemetry.get_logger("mine").info("nobody.agreed")
        raise ValueError("it is\\x00bad: ]]> <b>\\n::error::with token=hunter2hunter2")

class Pipelines:
    """Holds one."""

    @staticmethod
    def inner():
        """Record one stage."""
        with telemetry.span("spec.parse"):
            pass
'''


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A module with pipelines of a user."""
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "broken.py").write_text("raise RuntimeError('never')\n")
    return tmp_path


def cases(path: Path) -> dict[str, list[str]]:
    """Give the types of the failures of each case of a JUnit file; read by two libraries, which have to agree."""
    root = ET.parse(path).getroot()
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.tag == "testsuite" and suite.get("name") == "telemetry probe"
    found = {str(case.get("name")): [str(each.get("type")) for each in case.findall("failure")] for case in suite}
    for case in suite:
        assert case.tag == "testcase" and case.get("classname") and float(case.get("time", "-1")) >= 0
        assert {each.tag for each in case} <= {"failure", "system-out"}
    counts = [int(suite.get(name, "-1")) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == [len(suite), sum(map(bool, found.values())), 0, 0]
    (again,) = JUnitXml.fromfile(str(path))
    assert {case.name: [each.type for each in case.result] for case in again} == found
    return found


@pytest.mark.parametrize(
    ("raised", "status", "rule"),
    [
        ("BaseException('odd')", 1, "pipeline-failed"),
        ("KeyboardInterrupt", 130, "pipeline-interrupted"),
        ("SystemExit(3)", 1, "pipeline-failed"),
    ],
)
def test_whatever_a_target_raises_is_reported(
    probe: Probe, tmp_path: Path, raised: str, status: int, rule: str
) -> None:
    """What is no Exception is a finding and a failed case too; an interruption is one, with exit code 130."""
    (tmp_path / "odd.py").write_text(
        f"import telemetry\ndef main():\n    with telemetry.span('spec.parse'):\n        pass\n    raise {raised}\n"
    )
    probed = probe("--target", "odd:main", "--junit", "junit.xml")
    assert probed.status == status, probed.stderr
    assert cases(tmp_path / "junit.xml")[rule] == [rule]
    assert [span["name"] for span in probed.report["spans"]] == ["spec.parse"]


@pytest.mark.parametrize("target", ["mine:good", "mine:later", "mine:Pipelines.inner"])
def test_functions_and_coroutines_are_probed(probe: Probe, mine: Path, target: str) -> None:
    """A function of the user's own is called, an async one is awaited, and its spans are held against the contracts."""
    probed = probe("--target", target)
    assert probed.status == 0, probed.stdout
    assert [span["name"] for span in probed.report["spans"]] == ["spec.parse"]
    assert probed.report["coverage"]["spans"]["seen"] == 1
    assert "coverage  3.7 % of the contracts: 0 of 9 metrics, 1 of 7 spans, 0 of 11 events" in probed.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "mine:missing"), "give module:function"),
        (("--target", "mine"), "give module:function"),
        (("--target", "broken:main"), "broken cannot be imported: RuntimeError: never"),
        (("--target", "mine:good", str(SPECS / "clamp.spec")), "reads no specification; keep one"),
        (("--target", "mine:good", "--junit", "no/such/folder.xml"), "--junit no/such/folder.xml: No such file"),
    ],
)
def test_targets_that_are_none_are_bad_usage(probe: Probe, mine: Path, arguments: tuple[str, ...], words: str) -> None:
    """A name that leads to no function, and a file that cannot be written, cost exit 2 and say what to do."""
    probed = probe(*arguments)
    assert (probed.status, words in probed.stderr) == (2, True), probed.stderr


def test_what_a_target_does_wrong_is_found(probe: Probe, mine: Path) -> None:
    """Its exception, its spans and its log lines are findings, with the function's file and line; secrets are cut."""
    probed = probe("--target", "mine:bad", "--junit", "junit.xml")
    assert probed.status == 1
    assert {"pipeline-failed", "span-attributes", "event-known"} <= probed.rules
    failed = next(each for each in probed.report["findings"] if each["rule"] == "pipeline-failed")
    assert failed["place"].startswith("mine:bad (") and failed["place"].endswith("mine.py:14)")
    assert "hunter2" not in probed.stdout + (mine / "junit.xml").read_text()
    assert [line for line in probed.stdout.splitlines() if line.startswith("::")] == []
    found = cases(mine / "junit.xml")
    assert {name for name, failures in found.items() if failures} == {
        each["rule"] for each in probed.report["findings"] if each["level"] == "error"
    }


def test_a_cycle_is_a_case_and_so_is_each_rule(probe: Probe, tmp_path: Path) -> None:
    """One specification that passes and one that is blocked: two cases, one failure; each rule of the gate is one."""
    good, bad = SPECS / "clamp.spec", SPECS / "blocked" / "absolute.spec"
    probed = probe(good, bad, "--backend", "c-gcc", "--junit", "junit.xml")
    assert probed.status == 1
    found = cases(tmp_path / "junit.xml")
    assert {name: failures for name, failures in found.items() if " with " in name} == {
        f"{good} with c-gcc": [],
        f"{bad} with c-gcc": ["cycle-blocked"],
    }
    rules = {code.name.replace("_", "-") for name, code in CODES.items() if "TC600" < name < "TC700"}
    assert rules | {"span-missing", "trace-root"} <= found.keys()


def test_github_shows_the_line_of_a_specification(probe: Probe, tmp_path: Path) -> None:
    """A clause that does not hold is annotated where it stands; the summary has cycles, findings, coverage and tree."""
    summary = tmp_path / "summary.md"
    spec = tmp_path / "absolute.spec"
    spec.write_text((SPECS / "blocked" / "absolute.spec").read_text())
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(tmp_path)}
    probed = probe("absolute.spec", "--backend", "c-gcc", **variables)
    assert probed.status == 1
    (annotation,) = [line for line in probed.stdout.splitlines() if line.startswith("::")]
    clause = next(number for number, line in enumerate(spec.read_text().splitlines(), 1) if "ensures" in line)
    assert annotation.startswith(f"::error file=absolute.spec,line={clause},title=telemetry cycle-blocked::")
    text = summary.read_text()
    for words in (
        "### Telemetry probe: ❌ failed",
        "| absolute.spec | c-gcc | blocked | 1 operators |",
        "| error | cycle-blocked |",
        "| of spans | 85.7 % | 6 of 7 | distribute.package |",
        "<details><summary>6 spans</summary>",
        "└─ verify.run",
    ):
        assert words in text, text
    bad = tmp_path / "bad.spec"
    bad.write_text("operator x(a: i32) -> i32\n    ensures result == a\n{ return a + ; }\n")
    assert "::error file=bad.spec,line=3,title=telemetry cycle-syntax::" in probe(bad, **variables).stdout


def test_github_never_fails_the_gate(probe: Probe, mine: Path) -> None:
    """A summary that cannot be written is noted, and the gate passes; JSON on the standard output stays JSON."""
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/no/such/folder/summary.md"}
    probed = probe("--target", "mine:good", **variables)
    assert (probed.status, "the step summary cannot be written" in probed.stderr) == (0, True)
