"""What descriptions say to people: no secret, and no template that is none of a value or a label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from telemetry.contracts import Entry, Form, without_credentials

_LABEL: Final = Form("(?!__)[a-zA-Z_][a-zA-Z0-9_]*", "a Prometheus label name (letters, digits and '_'; no '__' first)")
_FILLED: Final = re.compile(r"\{\{\s*(?:\$value|\$labels\.[a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}")
_TEMPLATE: Final = "of templates only '{{ $value }}' and '{{ $labels.name }}' can stand here; leave others out"
_HAS_ONE: Final = "looks like it has a credential, which all who read what is generated would see; leave it out"


def check_templates(entry: Entry, texts: Mapping[str, str]) -> None:
    """Report texts of an entry, by their keys, that have another template than of a value or a label."""
    for key, text in texts.items():
        if "{{" in _FILLED.sub("", text):
            (entry.place / key).report(_TEMPLATE)


def check_secrets(entry: Entry, texts: Mapping[str, str]) -> None:
    """Report texts of an entry, by their keys, that have a credential; not one that is wrong already."""
    wrong = {each.pointer for each in entry.place.findings if each.path == entry.place.path}
    for key, text in texts.items():
        if without_credentials(text) != text and (entry.place / key).pointer not in wrong:
            (entry.place / key).report(_HAS_ONE)


def check_labels(entry: Entry, labels: Mapping[str, str]) -> None:
    """Report labels whose name is none for Prometheus, or whose value must not be there."""
    for name, value in labels.items():
        said, place = f"{name}={value}", entry.place / "labels" / name
        if re.fullmatch(_LABEL.pattern, name) is None:
            place.report(f"{name!r} is not {_LABEL.words}")
        elif without_credentials(said) != said:
            place.report(_HAS_ONE)
        elif "{{" in _FILLED.sub("", value):
            place.report(_TEMPLATE)
