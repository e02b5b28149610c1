"""Bring both layouts of semantic conventions into one: that of groups.

The newer layout says `file_format: definition/2`, and has a list for each kind of signal (Weaver, "Semantic Convention
Definition Language v2"). It reads no files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Group = Mapping[str, Any]

DEFINITION: Final = "definition/"
"""How the newer layout begins its `file_format`."""

LISTS: Final = (
    "attributes",
    "attribute_groups",
    "metrics",
    "spans",
    "events",
    "entities",
    "metric_refinements",
    "span_refinements",
    "event_refinements",
    "entity_refinements",
)
"""The lists of the newer layout."""


def groups_of(document: Mapping[str, Any]) -> Iterator[Group]:
    """Give the groups of one file in either layout.

    >>> list(groups_of({"file_format": "definition/2", "spans": [{"type": "db.client", "kind": "client"}]}))
    [{'type': 'span', 'kind': 'client', 'id': 'span.db.client', 'span_kind': 'client'}]

    Args:
        document: Its content, of which each list has mappings only.
    """
    yield from document.get("groups") or ()
    defined = [_renamed(each, "key") for each in document.get("attributes") or ()]
    if defined:
        yield {"id": "", "type": "attribute_group", "attributes": defined}
    for each in document.get("attribute_groups") or ():
        yield {**each, "type": "attribute_group"}
    for each in document.get("metrics") or ():
        yield {**each, "id": f"metric.{each.get('name')}", "type": "metric", "metric_name": each.get("name")}
    for each in document.get("spans") or ():
        yield _span(each, str(each.get("type")))
    for each in document.get("span_refinements") or ():
        yield {**_span(each, str(each.get("id"))), "extends": f"span.{each.get('ref')}"}
    for each in document.get("events") or ():
        yield {**each, "id": f"event.{each.get('name')}", "type": "event"}
    for kind in ("entities", "entity_refinements", "metric_refinements", "event_refinements"):
        for each in document.get(kind) or ():
            name = each.get("id") or each.get("type") or each.get("ref")
            yield {"id": str(name), "type": kind.replace("entities", "entity").removesuffix("s").replace("_", " ")}
    for patterns in (document.get("imports") or {}).values():
        yield from ({"id": str(each), "type": "import"} for each in patterns or ())


def _span(each: Group, name: str) -> dict[str, Any]:
    kind = {"span_kind": each["kind"]} if "kind" in each else {}
    return {**each, "type": "span", "id": f"span.{name}", **kind}


def _renamed(attribute: Group, key: str) -> dict[str, Any]:
    return {"id": attribute.get(key), **{name: value for name, value in attribute.items() if name != key}}
