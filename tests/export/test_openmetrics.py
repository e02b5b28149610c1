"""The OpenMetrics text format, read as a scraper reads it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from telemetry.export import openmetrics_text
from telemetry.signals import Family, Series

from .families import ALL, COUNTER, HISTOGRAM, SUMMARY, WAIVED, Custom, families, in_prometheus_client


@given(st.lists(families(), max_size=3))
def test_same_bytes_as_prometheus_client(drawn: list[Family]) -> None:
    """Whatever both can say, both say in the same bytes."""
    theirs: bytes = generate_latest(Custom([in_prometheus_client(family) for family in drawn]))  # type: ignore[no-untyped-call]
    assert openmetrics_text(drawn) == theirs


def test_parser_reads_every_kind() -> None:
    """prometheus_client's strict parser gives back names, types, units and values."""
    parsed = text_string_to_metric_families(openmetrics_text(ALL).decode())  # type: ignore[no-untyped-call]
    read = {family.name: family for family in parsed}
    assert {name: (family.type, family.unit) for name, family in read.items()} == {
        "compile_success": ("counter", ""),
        "escaped_defect_count": ("unknown", "count"),
        "verification_block_rate": ("gauge", ""),
        "lowering_duration_seconds": ("histogram", "seconds"),
        "offline_bundle_size_bytes": ("summary", "bytes"),
    }
    assert [sample.value for sample in read["compile_success"].samples] == [12.0, 3.0]
    assert [sample.value for sample in read["lowering_duration_seconds"].samples] == [1, 3, 3, 4, 4, 9.5]


def test_counter_is_named_without_total_in_its_headers() -> None:
    """The family is named without `_total`, its samples with it (OpenMetrics 1.0.0, Counter)."""
    text = openmetrics_text([COUNTER]).decode()
    assert "# TYPE compile_success counter\n" in text
    assert 'compile_success_total{backend="c-gcc",environment="production"} 12.0\n' in text


def test_waived_counter_is_unknown() -> None:
    """A counter without `_total`, which the format does not know, keeps its name and loses its type."""
    text = openmetrics_text([WAIVED]).decode()
    assert "# TYPE escaped_defect_count unknown\n" in text
    assert 'escaped_defect_count{team="qa"} 4.0\n' in text


def test_unit_only_where_the_name_ends_in_it() -> None:
    """A unit that is no suffix of the name would make the page invalid, and is left out."""
    assert "# UNIT lowering_duration_seconds seconds\n" in openmetrics_text([HISTOGRAM]).decode()
    assert "# UNIT" not in openmetrics_text([replace(HISTOGRAM, name="lowering_ms", unit="milliseconds")]).decode()
    assert "# UNIT" not in openmetrics_text([replace(SUMMARY, unit="")]).decode()


def test_unit_of_a_counter_stands_before_total() -> None:
    """The unit is looked for in the name without `_total`."""
    family = Family("sent_bytes_total", "counter", "bytes", "", (), (Series((), 1.0),))
    assert "# UNIT sent_bytes bytes\n" in openmetrics_text([family]).decode()


def test_help_escapes_quotes() -> None:
    """Unlike the classic format, this one escapes double quotes of the help text as well."""
    text = openmetrics_text([replace(COUNTER, description='a "b"\\\n')]).decode()
    assert '# HELP compile_success a \\"b\\"\\\\\\n\n' in text


def test_ends_with_eof() -> None:
    """A page that was cut off on its way is recognised, so even an empty one has its end."""
    assert openmetrics_text([]) == b"# EOF\n"
