"""The page: one HTML file with everything in it, which opens no connection.

The policy in it (Content Security Policy Level 3, in a `meta` element) names its script and style by their hashes, and
Trusted Types keep text from becoming markup.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape

from .payload import payload
from .recording import Recording
from .script import bundled, page_file


def html_page(recording: Recording, opened: str = "") -> bytes:
    """Write a recording as a page; the same recording gives the same bytes.

    Args:
        recording: What is shown.
        opened: The id of the trace that is open at first; empty for the list of all.
    """
    style, script = page_file("style.css"), bundled()
    parts = {
        "policy": _policy(style, script),
        "title": escape(_ascii(recording.title)) + " · telemetry view",
        "style": style,
        "recording": payload(recording, opened),
        "script": script,
    }
    text = page_file("index.html")
    pieces = []
    for name, part in parts.items():
        before, _, text = text.partition("{" + name + "}")
        pieces += [before, part]
    return "".join((*pieces, text)).encode("utf-8")


def _policy(style: str, script: str) -> str:
    allowed = [
        "default-src 'none'",
        f"script-src {_hash(script)}",
        f"style-src {_hash(style)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(allowed)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"


def _ascii(text: str) -> str:
    """Give a text without what UTF-8 has not: half a character in the name of a file."""
    return text.encode("utf-8", "replace").decode("utf-8")
