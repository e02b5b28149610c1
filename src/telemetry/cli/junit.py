"""Write a probe's report as JUnit XML, which GitLab, Jenkins and others show beside a change.

One suite: a case for each cycle, and one for each rule of the gate. A finding of the level `error` fails its case; what
is less stands in the case's output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from telemetry.contracts import CODES
from telemetry.errors import ConfigurationError
from telemetry.probe import Report
from telemetry.signals import Finding

if TYPE_CHECKING:
    from junitparser import TestCase

_SUITE: Final = "telemetry probe"
_RUN_RULES: Final = (
    *("span-missing", "trace-root", "span-parent", "metric-missing", "event-missing"),
    *("log-ids", "log-span", "export-failed"),
    *("pipeline-failed", "pipeline-interrupted", "pipeline-vanished"),
)
_CYCLE: Final = "cycle-"
# XML 1.0, production 2: no other characters may stand in a document.
_NO_XML: Final = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def write_junit(report: Report, path: Path) -> None:
    """Write the file.

    Raises:
        ConfigurationError: It cannot be written, or the library that writes it is not installed.
    """
    try:
        from junitparser import JUnitXml, TestSuite
    except ModuleNotFoundError:
        raise ConfigurationError("--junit needs junitparser: pip install 'telemetry[probe]'") from None
    suite = TestSuite(_SUITE)
    suite.add_testcases([*_cycles(report), *_rules(report.findings)])
    document = JUnitXml(_SUITE)
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    try:
        document.write(str(path), pretty=True)
    except OSError as error:
        raise ConfigurationError(f"--junit {path}: {error.strerror or error}") from error


def _cycles(report: Report) -> Iterator[TestCase]:
    for cycle in report.cycles:
        name = f"{cycle.spec} with {cycle.backend}"
        found = [each for each in report.findings if each.rule.startswith(_CYCLE) and each.place == name]
        yield _case(name, f"{_SUITE}.cycle", found)


def _rules(findings: Iterable[Finding]) -> Iterator[TestCase]:
    by_rule: dict[str, list[Finding]] = {rule: [] for rule in (*_RUN_RULES, *_live_rules())}
    for finding in findings:
        if not finding.rule.startswith(_CYCLE):
            by_rule.setdefault(finding.rule, []).append(finding)
    for rule, found in by_rule.items():
        yield _case(rule, f"{_SUITE}.rule", found)


def _live_rules() -> list[str]:
    return [kind.name.replace("_", "-") for code, kind in CODES.items() if code > "TC600" and code.startswith("TC6")]


def _case(name: str, group: str, findings: Iterable[Finding]) -> TestCase:
    from junitparser import Failure, TestCase

    case = TestCase(_clean(name), classname=group, time=0)
    found = list(findings)
    wrong = [each for each in found if each.level == "error"]
    if wrong:
        failure = Failure(_clean(wrong[0].problem), wrong[0].rule)
        failure.text = _clean("\n".join(map(_line, wrong)))
        case.result = [failure]
    if noted := [each for each in found if each.level != "error"]:
        case.system_out = _clean("\n".join(map(_line, noted)))
    return case


def _line(finding: Finding) -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{finding.level} {finding.place}: {finding.problem}{remedy}"


def _clean(text: str) -> str:
    return re.sub(_NO_XML, "\ufffd", text)
