"""Changelog fragments are named so that a release can collect them."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed)\.md")


def test_fragments_are_named_by_slug_and_kind() -> None:
    """Each file but the README is `<slug>.<kind>.md`, and has something to say."""
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [path.name for path in fragments if not NAME.fullmatch(path.name)] == []
    assert [path.name for path in fragments if not path.read_text().strip()] == []


def test_changelog_has_a_place_for_what_is_not_released() -> None:
    """The changelog opens with an Unreleased section, as its format wants."""
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
