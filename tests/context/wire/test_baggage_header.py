"""The `baggage` header: W3C Baggage in and out."""

from __future__ import annotations

import pickle
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from tests.context.wire import grammar

from telemetry.context.baggage import BaggageValue, decode, encode, format_baggage, parse_baggage

STEADY = settings(max_examples=60, deadline=None, derandomize=True)

entries = st.from_regex(grammar.ENTRY, fullmatch=True)
keys = st.from_regex(grammar.TOKEN, fullmatch=True)


def written(given: dict[str, str]) -> str:
    """Write a header of which nothing is dropped."""
    dropped: list[str] = []
    header = format_baggage(given, lambda key, why: dropped.append(f"{key} {why}"))
    assert dropped == []
    return header


@STEADY
@given(st.lists(st.one_of(entries, st.text('a=;,% \t"\\é1\n', max_size=12)), max_size=6).map(",".join))
def test_it_is_read_exactly_where_the_grammar_takes_it(header: str) -> None:
    """Each member by itself: key, decoded value, properties; and those that are invalid are left out."""
    found = {
        key: (str(value), value.properties if isinstance(value, BaggageValue) else "")
        for key, value in parse_baggage(header).items()
    }
    assert found == grammar.baggage(header)


@STEADY
@given(st.text(max_size=100) | st.text("=,; \t%a1é\udc80\n", max_size=60))
def test_no_text_raises(header: str) -> None:
    """Whatever comes in, what goes out again is a header of the grammar, and says the same."""
    found = parse_baggage(header)
    sent = written(found)
    assert len(grammar.baggage(sent)) == len(found) == len(parse_baggage(sent))
    assert parse_baggage(sent) == found


@STEADY
@given(st.dictionaries(keys, st.text(max_size=20), max_size=8))
def test_what_is_written_is_read(given: dict[str, str]) -> None:
    """Any text is a value: what is no octet of the grammar travels as percent-encoded UTF-8."""
    header = written(given)
    assert header.isascii() and header.isprintable()
    assert parse_baggage(header) == given


@STEADY
@given(st.text(max_size=40))
def test_values_are_encoded_as_the_standard_library_does_it(value: str) -> None:
    """Encoding and decoding agree with RFC 3986."""
    assert unquote(encode(value)) == value == decode(encode(value))


@STEADY
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text("abc é=%~\n", max_size=9), max_size=8))
def test_opentelemetry_reads_what_we_write(given: dict[str, str]) -> None:
    """Its propagator gets the same entries from our header, but for white space at the ends, which it takes off."""
    found = baggage.get_all(W3CBaggagePropagator().extract({"baggage": written(given)}, Context()))
    assert found == {key: value.strip() for key, value in given.items()}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("SomeKey=SomeValue", {"SomeKey": "SomeValue"}),
        ("SomeKey=SomeValue=equals", {"SomeKey": "SomeValue=equals"}),
        ("a=1;p,b=2;q=r", {"a": "1", "b": "2"}),
        ("a \t = \t 1 \t ; \t p \t , \t b \t = \t 2 \t ; \t q \t = \t r", {"a": "1", "b": "2"}),
        ("a=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29", {"a": "\t \"';=asdf!@#$%^&*()"}),
        ("a=x+y", {"a": "x+y"}),
        ("a=%C3%A9%C3,b=%zz%4", {"a": "é�", "b": "%zz%4"}),
        ("a=1,a=2", {"a": "2"}),
        ("A=1,a=2", {"A": "1", "a": "2"}),
        ("a=", {"a": ""}),
        ("a=1;,b=2", {"b": "2"}),
        ('=1,a,a b=1,a=b c,a="1",a=\\,b=2', {"b": "2"}),
        ("", {}),
    ],
)
def test_cases_of_the_standard(header: str, expected: dict[str, str]) -> None:
    """Those of the W3C's own tests, and what its text says of white space, `+`, `=` and bytes that are no UTF-8."""
    assert parse_baggage(header) == expected


def test_properties_stay_with_their_value() -> None:
    """They are passed on as they came, without white space, and a copy by pickle keeps them."""
    found = parse_baggage("tenant = a%20b ; ttl = 5 ;internal,user=1")
    value = found["tenant"]
    assert isinstance(value, BaggageValue)
    assert (value, value.properties) == ("a b", "ttl=5;internal")
    assert written(found) == "tenant=a%20b;ttl=5;internal,user=1"
    assert pickle.loads(pickle.dumps(value)).properties == "ttl=5;internal"


@pytest.mark.parametrize("properties", ["a b", ",x=1", ";", 'a="', "a,b=2", "\r\nx: y"])
def test_no_invalid_properties_are_written(properties: str) -> None:
    """The value goes without them."""
    assert written({"k": BaggageValue("v", properties)}) == "k=v"


def test_limits_of_what_is_written() -> None:
    """8192 bytes and 180 members are passed on whole (§3.3.2 asks for 64); what is more is dropped by the entry."""
    dropped: list[str] = []
    assert len(written({"a": "0123456789" * 819})) == 8192
    assert written({f"k{number}": "v" for number in range(180)}).count(",") == 179
    header = format_baggage({"a": "x" * 8000, "b": "x" * 200, "c": "y"}, lambda key, why: dropped.append(key))
    assert header.endswith(",c=y") and dropped == ["b"]
    many = format_baggage({f"k{number}": "" for number in range(182)}, lambda key, why: dropped.append(key))
    assert many.count(",") == 179 and dropped == ["b", "k180", "k181"]
    assert format_baggage({"": "1", "a b": "1", "é": "1"}, lambda key, why: dropped.append(key)) == ""
    assert dropped[3:] == ["", "a b", "é"]


def test_limits_of_what_is_read() -> None:
    """Of a longer header the members count that lie within; a member is never cut in two."""
    assert list(parse_baggage("a=" + "x" * 8190)) == ["a"]
    assert parse_baggage("a=" + "x" * 8191) == {}
    assert list(parse_baggage("a=1,b=" + "x" * 9000 + ",c=2")) == ["a"]
    assert list(parse_baggage("a=" + "x" * 8190 + ",b=2")) == ["a"]
    assert len(parse_baggage(",".join(f"k{number}=v" for number in range(200)))) == 180
