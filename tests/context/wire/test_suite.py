"""The cases of the W3C's test suite for Trace Context, through a service that takes a request and sends one on."""

from __future__ import annotations

import pytest
from tests.context.wire.service import HEADER, SPAN, TRACE, Headers, served, trace_of

from telemetry.testing import Recording

PARENT = ("traceparent", HEADER)
OTHER = HEADER.replace("9012-", "9011-", 1)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([], "none"),
        ([("tracestate", "foo=1")], "a tracestate alone"),
        ([("traceparent", OTHER), PARENT], "two of them"),
        ([PARENT, PARENT], "twice the same"),
        ([("TraceParent", HEADER), PARENT], "two of them, written differently"),
        ([("traceparent", f"{HEADER},{HEADER}")], "two of them in one field"),
        ([("trace-parent", HEADER)], "wrong name"),
        ([("trace.parent", HEADER)], "wrong name"),
        ([("traceparent", HEADER + ".")], "more than version 00 has"),
        ([("traceparent", HEADER + "-what-the-future-will-be-like")], "more than version 00 has"),
        ([("traceparent", f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like")], "no dash after the flags"),
        ([("traceparent", f"ff-{TRACE}-{SPAN}-01")], "version ff"),
        ([("traceparent", f".0-{TRACE}-{SPAN}-01")], "version"),
        ([("traceparent", f"0.-{TRACE}-{SPAN}-01")], "version"),
        ([("traceparent", f"000-{TRACE}-{SPAN}-01")], "version too long"),
        ([("traceparent", f"0000-{TRACE}-{SPAN}-01")], "version too long"),
        ([("traceparent", f"0-{TRACE}-{SPAN}-01")], "version too short"),
        ([("traceparent", f"00-{'0' * 32}-{SPAN}-01")], "trace id of zeros"),
        ([("traceparent", f"00-.{TRACE[1:]}-{SPAN}-01")], "trace id"),
        ([("traceparent", f"00-{TRACE[1:]}.-{SPAN}-01")], "trace id"),
        ([("traceparent", f"00-{TRACE}3-{SPAN}-01")], "trace id too long"),
        ([("traceparent", f"00-{TRACE[1:]}-{SPAN}-01")], "trace id too short"),
        ([("traceparent", f"00-{TRACE}-{'0' * 16}-01")], "parent id of zeros"),
        ([("traceparent", f"00-{TRACE}-.{SPAN[1:]}-01")], "parent id"),
        ([("traceparent", f"00-{TRACE}-{SPAN[1:]}.-01")], "parent id"),
        ([("traceparent", f"00-{TRACE}-{SPAN}7-01")], "parent id too long"),
        ([("traceparent", f"00-{TRACE}-{SPAN[1:]}-01")], "parent id too short"),
        ([("traceparent", f"00-{TRACE}-{SPAN}-.0")], "flags"),
        ([("traceparent", f"00-{TRACE}-{SPAN}-0.")], "flags"),
        ([("traceparent", f"00-{TRACE}-{SPAN}-001")], "flags too long"),
        ([("traceparent", f"00-{TRACE}-{SPAN}-1")], "flags too short"),
        ([("traceparent", f"00-{TRACE}-{SPAN}-01".replace("1234", "ABCD"))], "upper case"),
    ],
)
def test_the_trace_starts_anew(headers: Headers, reason: str, recording: Recording) -> None:
    """A request without a valid `traceparent` gets a trace of its own, and what its `tracestate` said is gone."""
    sent = served([*headers, ("tracestate", "bar=2")])
    assert trace_of(sent) not in (TRACE, OTHER.split("-")[1], "0" * 32), reason
    assert "tracestate" not in sent
    assert recording.spans[0].parent_span_id is None


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        f"cc-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f" {HEADER}",
        f"\t{HEADER}",
        f"{HEADER} ",
        f"{HEADER}\t",
        f"\t {HEADER} \t",
    ],
)
@pytest.mark.parametrize("name", ["traceparent", "TraceParent", "TrAcEpArEnT", "TRACEPARENT"])
def test_the_trace_goes_on(name: str, header: str, recording: Recording) -> None:
    """The trace id stays, the parent id is that of our span, and the version is ours."""
    sent = served([(name, header)])
    version, trace, span, flags = sent["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span == f"{recording.spans[0].span_id:016x}" != SPAN
    assert recording.spans[0].parent_span_id == int(SPAN, 16)


MANY = [",".join(f"bar{number:02}={number:02}" for number in range(first, first + 8)) for first in (1, 9, 17, 25)]
LEVEL_2_KEYS = ["foo@", "foo@@bar", "foo@bar@baz", "t" * 242 + "@v", "t@" + "v" * 15]
"""Keys that level 1 forbids, and that its test suite therefore wants dropped; level 2 (§3.3.1.3) allows them."""


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["foo=1,bar=2"], "foo=1,bar=2"),
        ([""], None),
        (["foo=1", ""], "foo=1"),
        (["", "foo=1"], "foo=1"),
        (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        (["foo=1,foo=1"], None),
        (["foo=1,foo=2"], None),
        (["foo=1", "foo=1"], None),
        (["foo=1", "foo=2"], None),
        (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
        ([" foo=1"], "foo=1"),
        (["\tfoo=1"], "foo=1"),
        (["foo=1 "], "foo=1"),
        (["foo=1\t"], "foo=1"),
        (["\t foo=1 \t"], "foo=1"),
        (["foo =1"], None),
        (["FOO=1"], None),
        (["foo.bar=1"], None),
        (["@foo=1,bar=2"], None),
        (MANY, ",".join(MANY)),
        ([*MANY, "bar33=33"], None),
        (["foo=1", "z" * 256 + "=1"], "foo=1," + "z" * 256 + "=1"),
        (["foo=1", "z" * 257 + "=1"], None),
        (["foo=1", "t" * 241 + "@" + "v" * 14 + "=1"], "foo=1," + "t" * 241 + "@" + "v" * 14 + "=1"),
        *[([f"{key}=1,bar=2"], f"{key}=1,bar=2") for key in LEVEL_2_KEYS],
    ],
)
def test_tracestate_goes_on_whole_or_not_at_all(states: list[str], expected: str | None, recording: Recording) -> None:
    """Several fields are one list, in their order; and a list that is invalid leaves the trace as it is."""
    sent = served([PARENT, *(("tracestate", state) for state in states)])
    assert trace_of(sent) == TRACE
    assert sent.get("tracestate") == expected


def test_all_letters_of_a_tracestate(recording: Recording) -> None:
    """Each one that the grammar allows arrives."""
    key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
    value = "".join(map(chr, [*range(0x20, 0x2C), *range(0x2D, 0x3D), *range(0x3E, 0x7F)]))
    for name in (key, f"{key}@a-z0-9_-*/"):
        assert served([PARENT, ("tracestate", f"{name}={value}")])["tracestate"] == f"{name}={value}"


@pytest.mark.parametrize("name", ["trace-state", "trace.state"])
def test_a_tracestate_of_another_name_is_none(name: str, recording: Recording) -> None:
    """Only its own name counts, in any case."""
    assert "tracestate" not in served([PARENT, (name, "foo=1")])
    assert served([PARENT, ("TrAcEsTaTe", "foo=1")])["tracestate"] == "foo=1"


@pytest.mark.parametrize("headers", [[PARENT], [], [("traceparent", HEADER.replace(TRACE, "0" * 32))]])
def test_several_requests_have_parents_of_their_own(headers: Headers, recording: Recording) -> None:
    """Three requests are sent on by three spans."""
    sent = [served(headers)["traceparent"] for _ in range(3)]
    assert len({each.split("-")[2] for each in sent}) == 3
    assert len({each.split("-")[1] for each in sent}) == (1 if headers == [PARENT] else 3)
