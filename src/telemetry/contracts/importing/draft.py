"""A registry file in the making: what was carried over, and what was not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, final

from telemetry.contracts.checks import check_registry
from telemetry.contracts.finding import CODES, Finding
from telemetry.contracts.naming import LATER_RULES, RULES
from telemetry.errors import ContractError

_WAIVABLE: Final = frozenset((*RULES, *LATER_RULES))
_ROUNDS: Final = 3
"""Some rules look at a file only when it loads, and a waiver may show what another one hid."""


@final
@dataclass(frozen=True, slots=True)
class Draft:
    """What was read.

    Attributes:
        document: The content of a registry file.
        lost: What could not be carried over, a line each: the name, and why.
    """

    document: dict[str, Any]
    lost: list[str] = field(default_factory=list)

    def waive_breaches(self, reason: str) -> None:
        """Give each metric a waiver for each rule that its declaration breaks.

        Args:
            reason: Why the rules may be broken.

        Raises:
            ContractError: Something is wrong that no waiver lifts; it has all of that.
        """
        for _ in range(_ROUNDS):
            breaches = list(_breaches(self.document))
            for finding in breaches:
                _waive(self.document, finding, reason)
            if not breaches:
                return


def _breaches(document: dict[str, Any]) -> Iterator[Finding]:
    with TemporaryDirectory(prefix="telemetry-") as folder:
        path = Path(folder) / "import.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        found = [each for each in check_registry(path) if each.level == "error"]
    stuck = [each for each in found if _metric(each) is None or CODES[each.code].name not in _WAIVABLE]
    if stuck:
        raise ContractError(*(f"{each.pointer}: {each.code} {each.problem}; {each.remedy}" for each in stuck))
    yield from found


def _metric(finding: Finding) -> int | None:
    found = re.match("/metrics/([0-9]+)(?:/|$)", finding.pointer)
    return int(found[1]) if found else None


def _waive(document: dict[str, Any], finding: Finding, reason: str) -> None:
    metric = document["metrics"][_metric(finding)]
    metric.setdefault("waive", {})[CODES[finding.code].name] = reason
