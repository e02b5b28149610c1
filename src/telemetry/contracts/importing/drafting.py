"""Choose how to read what is imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .definition import Group, groups_of
from .draft import Draft
from .prometheus import Family, draft_of_families
from .semconv import draft_of_conventions


def draft_registry(found: Iterable[Family] | Iterable[Group], *, name: str, owner: str) -> Draft:
    """Make a registry file of what others have.

    >>> draft_registry([{"id": "metric.x", "type": "metric"}], name="theirs", owner="me").lost
    ["metric metric.x: there is no kind for the instrument ''"]

    Args:
        found: The families of a scrape or of a `CollectorRegistry`, as prometheus_client gives them; or the `groups`
            of OpenTelemetry's semantic conventions, or whole files of them, whose references are resolved together.
        name: What to call the registry.
        owner: Who answers for its metrics.
    """
    groups: list[Group] = []
    families: list[Family] = []
    for each in found:
        if isinstance(each, Mapping):
            groups += groups_of(each) if "groups" in each or "file_format" in each else [each]
        else:
            families.append(each)
    if groups:
        return draft_of_conventions(groups, name=name, owner=owner)
    return draft_of_families(families, name=name, owner=owner)
