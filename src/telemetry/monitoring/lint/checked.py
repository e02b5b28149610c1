"""Check many files at once: what some of them record, others may read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from telemetry.contracts import Finding, Registry

from .dashboards import check_dashboard
from .notes import Notes
from .rules import check_rules, recorded
from .runbooks import KEY, check_runbook, runbook_queries
from .series import series_of

_YAML: Final = (".yml", ".yaml")
_MARKDOWN: Final = ".md"


def check_files(
    paths: Sequence[Path], registry: Registry, more: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Check dashboards (`.json`) and rules (`.yml`), and those in folders; an empty tuple when all is well.

    Args:
        paths: Files and folders.
        registry: What there is.
        more: Texts by their paths, not checked: what their rules record may be read.
    """
    texts: dict[str, str] = {}
    named = {str(path) for path in paths if not path.is_dir()}
    unread: list[Finding] = []
    for path in _files(paths):
        try:
            texts[str(path)] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            notes = Notes(str(path))
            notes.add("TC101", (), f"cannot be read: {getattr(error, 'strerror', None) or error}")
            unread += notes.findings
    return tuple(sorted((*unread, *_checked(texts, registry, more, named))))


def check_texts(
    texts: Mapping[str, str], registry: Registry, more: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Check dashboards, rules and the queries of runbooks by their paths; other files are left alone."""
    return _checked(texts, registry, more, ())


def _checked(
    texts: Mapping[str, str], registry: Registry, more: Mapping[str, str] | None, named: Collection[str]
) -> tuple[Finding, ...]:
    """Check texts; of those that a user named, one that is nothing of ours is a finding."""
    notes = {path: Notes(path) for path in texts}
    contents = {path: _content(path, text, notes[path]) for path, text in texts.items()}
    others = {path: _content(path, text, Notes(path)) for path, text in (more or {}).items()}
    rules = [each for each in (*others.values(), *contents.values()) if _is_rules(each)]
    known = series_of(registry, {name: labels for each in rules for name, labels in recorded(each).items()})
    uids: dict[str, str] = {}
    for path, content in contents.items():
        if _is_rules(content):
            check_rules(content, known, notes[path])
        elif KEY in content and path.endswith(_MARKDOWN):
            check_runbook(content, known, notes[path])
        elif _is_dashboard(content):
            check_dashboard(content, known, notes[path])
            _check_uid(content, path, uids, notes[path])
        elif path in named and not path.endswith(_MARKDOWN) and not notes[path].findings:
            said = "is neither a dashboard (it has no array 'panels') nor a rule file (no array 'groups')"
            notes[path].add("TC101", (), said)
    return tuple(sorted(each for note in notes.values() for each in note.findings))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in (".json", *_YAML))
        else:
            yield path


def _content(path: str, text: str, notes: Notes) -> Mapping[str, Any]:
    if path.endswith(_MARKDOWN):
        return runbook_queries(text)
    try:
        content = json.loads(text) if path.endswith(".json") else _yaml(text) if path.endswith(_YAML) else None
    except (ValueError, RecursionError) as error:
        notes.add("TC101", (), f"is no {'JSON' if path.endswith('.json') else 'YAML'}: {' '.join(str(error).split())}")
        return {}
    return content if isinstance(content, dict) else {}


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _is_rules(content: Mapping[str, Any]) -> bool:
    # With `apiVersion` it is Grafana's own form of alerts, whose rules are others.
    return isinstance(content.get("groups"), list) and "apiVersion" not in content


def _is_dashboard(content: Mapping[str, Any]) -> bool:
    return isinstance(content.get("panels"), list)


def _check_uid(content: Mapping[str, Any], path: str, uids: dict[str, str], notes: Notes) -> None:
    uid = str(content.get("uid") or "")
    if uid and uid in uids:
        notes.add("TC712", ("uid",), f"uid {uid!r} is that of {uids[uid]} too")
    uids.setdefault(uid, path)
