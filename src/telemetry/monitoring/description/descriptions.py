"""All descriptions together: those that come with this version, then the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from telemetry.contracts import InvalidRegistryError, Registry
from telemetry.errors import RegistryError

from .alerts import Alerts, read_alerts
from .collection import Collection, read_collection
from .crossings import check_crossings
from .dashboard import ADDRESS, WORD, DashboardDescription, packs_of, read_dashboard
from .reading import SHIPPED, read_part
from .routing import Routing, read_routing
from .wording import check_secrets


@final
@dataclass(frozen=True, slots=True)
class Descriptions:
    """What is to be generated, read and checked.

    Attributes:
        folders: Where it was read, the shipped folder first.
        dashboards: Those whose packs are loaded.
        left_out: The uid of each other dashboard, and the packs that it lacks.
        links: Addresses that dashboards lead to, by the name that stands for them.
        alerts: What is alerted about.
        routing: Who hears of it.
        collection: Where data comes from, where it goes, and how long it stays.
    """

    folders: tuple[Path, ...] = ()
    dashboards: tuple[DashboardDescription, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    links: Mapping[str, str] = field(default_factory=dict, hash=False)
    alerts: Alerts = field(default_factory=Alerts, hash=False)
    routing: Routing = field(default_factory=Routing, hash=False)
    collection: Collection = field(default_factory=Collection, hash=False)


def read_descriptions(registry: Registry, folders: Sequence[Path] = ()) -> Descriptions:
    """Read the shipped descriptions, and those of the user's folders.

    Raises:
        RegistryError: A file is wrong: it has the file and the place. If more than one thing is wrong, it is an
            `InvalidRegistryError` with all of them.
    """
    findings: list[RegistryError] = []
    every = (SHIPPED, *_existing(folders, findings))
    dashboards, left_out = _dashboards(registry, every, findings)
    links = _links(every, findings)
    alerts = read_alerts(every, registry, findings)
    routing, collection = _routing(every, findings), _collection(every, findings)
    findings += [] if findings else check_crossings(every, dashboards, left_out, alerts, links)
    _refuse(findings)
    return Descriptions(every, dashboards, left_out, links, alerts, routing, collection)


def _routing(folders: Sequence[Path], findings: list[RegistryError]) -> Routing:
    """Read `routing.toml` of each folder; a later one says only what differs."""
    routing: Routing | None = None
    for entry in read_part(folders, "routing", findings):
        routing = read_routing(entry, routing)
    return routing or Routing()


def _collection(folders: Sequence[Path], findings: list[RegistryError]) -> Collection:
    """Read `collection.toml` of each folder; a later one says only what differs."""
    collection: Collection | None = None
    for entry in read_part(folders, "collection", findings):
        collection = read_collection(entry, collection)
    return collection or Collection()


def _links(folders: Sequence[Path], findings: list[RegistryError]) -> Mapping[str, str]:
    """Read `links.toml` of each folder; a later one has the last word."""
    found: dict[str, str] = {}
    for entry in read_part(folders, "links", findings):
        with entry:
            links = {name: entry.text(name, form=ADDRESS) for name in entry.keys(WORD)}
            check_secrets(entry, links)
            found.update(links)
    return found


def _dashboards(
    registry: Registry, folders: Sequence[Path], findings: list[RegistryError]
) -> tuple[tuple[DashboardDescription, ...], Mapping[str, tuple[str, ...]]]:
    found: dict[str, DashboardDescription] = {}
    left_out: dict[str, tuple[str, ...]] = {}
    for entry in read_part(folders, "dashboards", findings):
        packs = packs_of(entry)
        if missing := tuple(each for each in packs if each not in registry.packs):
            left_out[entry.text("uid")] = missing
            continue
        dashboard = read_dashboard(entry, registry, packs)
        known = found.get(dashboard.uid)
        if known and not dashboard.replaces:
            problem = f"uid {dashboard.uid!r} is that of {known.source}; change one, or say 'replace = true'"
            (entry.place / "uid").report(problem, "TC103")
        found[dashboard.uid] = dashboard
    return tuple(found.values()), left_out


def _existing(folders: Sequence[Path], findings: list[RegistryError]) -> tuple[Path, ...]:
    problem = "is no folder; correct the name, or make it"
    findings += [RegistryError(str(each), "", problem, "TC101") for each in folders if not each.is_dir()]
    return tuple(each for each in folders if each.is_dir())


def _refuse(findings: Sequence[RegistryError]) -> None:
    if len(findings) == 1:
        raise findings[0]
    if findings:
        raise InvalidRegistryError(findings)
