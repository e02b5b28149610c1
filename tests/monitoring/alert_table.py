"""The table of alerts in docs/alerts.md, which follows from the descriptions; `--write` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

from telemetry.contracts import OWN_PACK, load_registry, shipped_packs
from telemetry.monitoring import read_descriptions
from telemetry.monitoring.description.level import SEVERITIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "alerts.md"
BEGIN, END = "<!-- alerts: written by tests/monitoring/alert_table.py --write -->\n", "<!-- end of alerts -->"
SIGNS = {"above": ">", "below": "<", "at_most": "≤", "at_least": "≥"}


def table() -> str:
    """Write the alerts with their thresholds, how long they are passed, and who answers for them."""
    registry = load_registry(packs=[*shipped_packs(), OWN_PACK])
    rows = ["| alert | of | info | warning | critical | owner |", "|---|---|---|---|---|---|"]
    for alert in read_descriptions(registry).alerts.alerts.values():
        asked = f"{alert.query.show} of `{alert.query.metric.name}`" if alert.query else alert.summary.lower()
        cells = []
        for severity in SEVERITIES:
            level = alert.level(severity)
            lasting = f" for {level.hold}" if level and level.hold not in {"", "0s"} else ""
            cells.append(f"{SIGNS[alert.when]} {level.threshold:g}{lasting}" if level else "")
        rows.append(
            f"| `{alert.name}` | {asked} | {' | '.join(cells)} | {alert.metric.owner if alert.metric else ''} |"
        )
    return "\n".join(rows) + "\n"


def written(text: str) -> str:
    """Put the table into the text of the document."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__" and "--write" in sys.argv:
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
