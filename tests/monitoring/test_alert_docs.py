"""What the docs say of alerts is what there is."""

from __future__ import annotations

from tests.monitoring.alert_table import DOCUMENT, written


def test_the_table_of_alerts_is_current() -> None:
    """The table in docs/alerts.md follows from the descriptions; its script writes it anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert written(text) == text
