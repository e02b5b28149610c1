"""What of the contracts code records, tests touch, dashboards show, and alerts watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, final

from telemetry.contracts import CODES, LEAVING, EventContract, Finding, MetricContract, Registry, SpanContract

from .code import RECORDS_METRICS, RECORDS_SPANS
from .files import Text, Unread, texts
from .mention import Mention
from .oldnames import unread_findings
from .rules import read_rules
from .scan import RULE_ENDINGS, mentions
from .vocabulary import Vocabulary

Side = Literal["code", "tests", "dashboards", "alerts"]
"""Who may use a contract."""

_CODES: Final[Mapping[Side, str]] = {"code": "TC501", "tests": "TC502", "dashboards": "TC503", "alerts": "TC504"}
_LOOKERS: Final[tuple[Side, ...]] = ("dashboards", "alerts")
_GAPS: Final[Mapping[Side, str]] = {
    "code": "no code records it",
    "tests": "no test touches it",
    "dashboards": "no dashboard shows it",
    "alerts": "no alert watches it",
}
# What Prometheus makes itself: https://prometheus.io/docs/concepts/jobs_instances, and alerting rules.
_OF_PROMETHEUS: Final = frozenset({"up", "ALERTS", "ALERTS_FOR_STATE"})
_SCRAPE: Final = "scrape_"

_Contract = MetricContract | SpanContract | EventContract


@final
@dataclass(frozen=True, slots=True)
class Share:
    """How many contracts of one kind one side uses.

    Attributes:
        kind: `metrics`, `spans` or `events`.
        missing: The names of those that it does not use.
    """

    kind: str
    side: Side
    used: int
    total: int
    missing: tuple[str, ...]

    @property
    def percent(self) -> float:
        """The share that is used, 0 to 100; all of nothing is 100."""
        return 100.0 * self.used / self.total if self.total else 100.0


@final
@dataclass(frozen=True, slots=True)
class Coverage:
    """What of the contracts is used.

    Attributes:
        shares: A share for each kind and each side that was looked at.
        findings: Gaps, names that no contract has, and files that could not be read.
    """

    shares: tuple[Share, ...]
    findings: tuple[Finding, ...]


def coverage(registry: Registry, sides: Mapping[Side, Sequence[Path]]) -> Coverage:
    """Find what nobody records, tests, shows or watches, and who names what is in no contract.

    Contracts of the user's files count; where there are none, those of the packs. Dashboards and alerts owe something
    to stable metrics only, and nobody owes anything to what is about to go.

    Args:
        registry: The contracts.
        sides: The files and folders of each side that is looked at.
    """
    read = {side: list(texts(paths, but=registry.files)) for side, paths in sides.items()}
    shares: list[Share] = []
    findings: list[Finding] = []
    vocabulary = Vocabulary([*registry.metrics.values(), *registry.removed.values()])
    recorded = _recorded(read)
    for side, found in read.items():
        pages = [each for each in found if isinstance(each, Text)]
        named = {page.path: tuple(mentions(page)) for page in pages}
        used = {_contract_name(each.name, vocabulary) for told in named.values() for each in told}
        shares += _shares(side, used, registry)
        findings += unread_findings(each for each in found if isinstance(each, Unread))
        findings += _orphans(named, registry, vocabulary, recorded)
    findings += (finding for share in shares for finding in _gaps(share, registry))
    return Coverage(tuple(shares), tuple(sorted(findings)))


def _contract_name(name: str, vocabulary: Vocabulary) -> str:
    return vocabulary.series.get(name, name)


def _shares(side: Side, used: set[str], registry: Registry) -> Iterator[Share]:
    tables: Mapping[str, Mapping[str, _Contract]] = {
        "metrics": registry.metrics,
        **({} if side in _LOOKERS else {"spans": registry.spans, "events": registry.events}),
    }
    for kind, table in tables.items():
        names = [name for name, contract in table.items() if _counts(contract, side, registry)]
        missing = tuple(name for name in names if name not in used)
        yield Share(kind, side, len(names) - len(missing), len(names), missing)


def _counts(contract: _Contract, side: Side, registry: Registry) -> bool:
    if registry.files and contract.source not in registry.files:
        return False
    if side in _LOOKERS and contract.stability != "stable":
        return False
    if isinstance(contract, MetricContract) and (contract.counts or (contract.share and side not in _LOOKERS)):
        return False
    return contract.stability not in LEAVING


def _gaps(share: Share, registry: Registry) -> Iterator[Finding]:
    code = CODES[_CODES[share.side]]
    tables: Mapping[str, Mapping[str, _Contract]] = {
        "metrics": registry.metrics, "spans": registry.spans, "events": registry.events
    }  # fmt: skip
    for name in share.missing:
        source = tables[share.kind][name].source
        problem = f"{share.kind[:-1]} {name!r}: {_GAPS[share.side]}"
        yield Finding(_CODES[share.side], code.level, source, "", problem, code.remedy, _line_of(name, source))


def _line_of(name: str, source: str) -> int:
    """Find the declaration of a name in its file; 0 where it cannot be found."""
    try:
        lines = Path(source).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return 0
    return next((number for number, line in enumerate(lines, 1) if f'"{name}"' in line), 0)


def _recorded(read: Mapping[Side, Sequence[Text | Unread]]) -> frozenset[str]:
    """Give the series that rules make, whoever reads them."""
    pages = [each for side in _LOOKERS for each in read.get(side, ()) if isinstance(each, Text)]
    rules = [read_rules(page.content) for page in pages if page.ending in RULE_ENDINGS]
    return frozenset[str]().union(*(each.recorded for each in rules if each is not None))


def _orphans(
    named: Mapping[Path, Sequence[Mention]], registry: Registry, vocabulary: Vocabulary, recorded: frozenset[str]
) -> Iterator[Finding]:
    for path, told in named.items():
        for mention in told:
            code = _orphan(mention, registry, vocabulary, recorded)
            if code:
                problem = f"{mention.function or mention.how} names {mention.name!r}, which is in no contract"
                kind = CODES[code]
                yield Finding(code, kind.level, str(path), "", problem, kind.remedy, mention.line)


def _orphan(mention: Mention, registry: Registry, vocabulary: Vocabulary, recorded: frozenset[str]) -> str:
    """Give the code of a name that no contract has; empty where one has it, or nobody can tell."""
    name = mention.name
    if mention.function in RECORDS_METRICS:
        return "" if name in registry.metrics or name in registry.removed else "TC505"
    if mention.function in RECORDS_SPANS:
        return "" if name in registry.spans else "TC505"
    if mention.how not in ("query", "rule") or name in vocabulary.series or name in recorded:
        return ""
    return "" if name in _OF_PROMETHEUS or name.startswith(_SCRAPE) else "TC506"
