"""Writes findings as SARIF 2.1.0 (OASIS), which code scanning shows beside the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from telemetry.contracts import CODES, Finding
from telemetry.version import VERSION

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final[Mapping[str, str]] = {"error": "error", "warning": "warning", "info": "note"}
"""SARIF 2.1.0, section 3.27.10: what it calls our levels."""


def sarif_log(findings: Sequence[Finding], command: str = "check") -> dict[str, Any]:
    """Give the log of one run of a subcommand, with the rules that it applied."""
    driver = {"name": f"telemetry contracts {command}", "version": VERSION, "rules": [_rule(code) for code in CODES]}
    results = [_result(finding) for finding in findings]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(code: str) -> dict[str, Any]:
    kind = CODES[code]
    return {"id": code, "name": kind.name, "shortDescription": {"text": kind.wants}, "help": {"text": kind.remedy}}


def _result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.level],
        "message": {"text": f"{finding.problem}; {finding.remedy}"},
        "locations": [
            {
                "physicalLocation": _place(finding),
                "logicalLocations": [{"fullyQualifiedName": finding.pointer or "/"}],
            }
        ],
    }


def _place(finding: Finding) -> dict[str, Any]:
    region = {"region": {"startLine": finding.line}} if finding.line else {}
    return {"artifactLocation": {"uri": _uri(finding.path)}, **region}


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else path
