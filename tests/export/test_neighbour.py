"""Our families in prometheus_client's registry, read as an application's own endpoint reads them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest

from telemetry.export import neighbour, openmetrics_text, prometheus_text
from telemetry.signals import Family

from .families import ALL, COUNTER, WAIVED, Custom, Fixed, families

TYPED = [family for family in ALL if family is not WAIVED]


@pytest.fixture
def registry() -> CollectorRegistry:
    """A registry that collects what it registers, as prometheus_client's default one does."""
    return CollectorRegistry(auto_describe=True)


def test_the_application_sees_ours(registry: CollectorRegistry) -> None:
    """The application's own page has our families beside its own."""
    Counter("jobs", "Jobs.", registry=registry).inc()
    neighbour.install(Fixed(TYPED), registry)
    page = generate_latest(registry)
    assert prometheus_text(TYPED) in page
    assert b"jobs_total 1.0\n" in page


@given(families())
def test_same_page_from_either_side(family: Family) -> None:
    """prometheus_client writes a translated family in the bytes that we write it in, in both formats."""
    from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

    metrics = Custom([neighbour.as_metric(family)])
    assert generate_latest(metrics) == prometheus_text([family])
    assert generate_openmetrics(metrics) == openmetrics_text([family])  # type: ignore[no-untyped-call]


def test_waived_counter_keeps_its_name(registry: CollectorRegistry) -> None:
    """A counter without `_total` is untyped there, since prometheus_client would add the suffix."""
    neighbour.install(Fixed([WAIVED]), registry)
    assert generate_latest(registry).splitlines()[1:] == [
        b"# TYPE escaped_defect_count untyped",
        b'escaped_defect_count{team="qa"} 4.0',
    ]


def test_installing_collects_nothing(registry: CollectorRegistry) -> None:
    """Registration takes no snapshot, though the registry describes its collectors by collecting them."""

    class Counting:
        """A source that counts its snapshots."""

        snapshots = 0

        def families(self) -> Sequence[Family]:
            """Take a snapshot."""
            self.snapshots += 1
            return ALL

    source = Counting()
    neighbour.install(source, registry)
    assert source.snapshots == 0
    list(registry.collect())
    assert source.snapshots == 1


def test_removing() -> None:
    """After removal nothing of ours is left in the default registry; removing again is fine, and so is another one."""
    before = len(list(REGISTRY.collect()))
    handle = neighbour.install(Fixed([COUNTER]))
    assert REGISTRY.get_sample_value("compile_success_total", {"backend": "c-gcc", "environment": "production"}) == 12
    handle.remove()
    handle.remove()
    assert len(list(REGISTRY.collect())) == before


def test_hidden_only_from_whoever_serves_the_source(registry: CollectorRegistry) -> None:
    """While one source is served elsewhere, its neighbour is silent and those of other sources are not."""
    source, other = Fixed([COUNTER]), Fixed([WAIVED])
    neighbour.install(source, registry)
    neighbour.install(other, registry)
    with neighbour.hidden(source):
        assert [metric.name for metric in registry.collect()] == ["escaped_defect_count"]
    assert len(list(registry.collect())) == 2
