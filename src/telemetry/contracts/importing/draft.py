"""A registry file in the making: what was carried over, and what was not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, final

from telemetry.contracts.checks import check_registry
from telemetry.contracts.finding import CODES, Finding
from telemetry.contracts.naming import LATER_RULES, RULES
from telemetry.errors import ContractError

_WAIVABLE: Final = frozenset((*RULES, *LATER_RULES))
_ROUNDS: Final = 5
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
        """Give each metric a waiver for each rule that its declaration breaks, and leave out what stays wrong.

        Args:
            reason: Why the rules may be broken.

        Raises:
            ContractError: Something is wrong that is of no declaration; it has all of that.
        """
        for _ in range(_ROUNDS):
            breaches = _breaches(self.document)
            for finding in breaches:
                if _is_waivable(finding):
                    _waive(self.document, finding, reason)
            self._leave_out([finding for finding in breaches if not _is_waivable(finding)])
            if not breaches:
                return

    def _leave_out(self, stuck: list[Finding]) -> None:
        """Take out the declarations that no waiver lifts, the last ones first, so that the others keep their place."""
        if odd := [each for each in stuck if _declaration(each) is None]:
            raise ContractError(*(f"{each.pointer}: {each.code} {each.problem}; {each.remedy}" for each in odd))
        problems = {place: each for each in stuck if (place := _declaration(each)) is not None}
        for (key, index), finding in sorted(problems.items(), key=itemgetter(0), reverse=True):
            name = self.document[key].pop(index)["name"]
            self.lost.append(f"{key.removesuffix('s')} {name}: is left out: {finding.code} {finding.problem}")


def _breaches(document: dict[str, Any]) -> list[Finding]:
    with TemporaryDirectory(prefix="telemetry-") as folder:
        path = Path(folder) / "import.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return [each for each in check_registry(path) if each.level == "error"]


def _is_waivable(finding: Finding) -> bool:
    place = _declaration(finding)
    return place is not None and place[0] == "metrics" and CODES[finding.code].name in _WAIVABLE


def _declaration(finding: Finding) -> tuple[str, int] | None:
    """Give the list, and the place in it, of the declaration that a finding is about."""
    found = re.match("/(metrics|spans|events|attributes)/([0-9]+)(?:/|$)", finding.pointer)
    return (found[1], int(found[2])) if found else None


def _waive(document: dict[str, Any], finding: Finding, reason: str) -> None:
    key, index = _declaration(finding) or ("metrics", 0)
    document[key][index].setdefault("waive", {})[CODES[finding.code].name] = reason
