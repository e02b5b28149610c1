"""Every parser of what others wrote, each with what must hold for any bytes: a function that raises if it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.context.wire import grammar

from telemetry import attach, detach
from telemetry.config.structures import rules, shares
from telemetry.context import extract, from_environment, parse_traceparent, receive, to_environment
from telemetry.context.baggage import BaggageValue, format_baggage, parse_baggage
from telemetry.context.tracestate import parse_tracestate, with_member
from telemetry.export.answer import LONGEST_SECONDS, grpc_verdict, http_verdict, taken
from telemetry.journal import Again, Verdict

Target = Callable[[bytes], None]


def text_of(data: bytes) -> str:
    """Make any text of bytes, lone surrogates included."""
    return data.decode("utf-8", "surrogateescape")


def traceparent(data: bytes) -> None:
    """Read exactly where the grammar takes it."""
    header = text_of(data)
    assert (parse_traceparent(header) is not None) == grammar.is_traceparent(header)


def tracestate(data: bytes) -> None:
    """Read exactly where the grammar takes it, and still valid with a member in front."""
    header = text_of(data)
    expected = grammar.tracestate(header) if len(header) <= 16_448 else None
    state = parse_tracestate(header)
    assert state == ",".join(f"{key}={value}" for key, value in expected or ())
    members = grammar.tracestate(with_member(state, "ot", "th:8"))
    assert members is not None and members[0] == ("ot", "th:8")


def baggage(data: bytes) -> None:
    """Read exactly where the grammar takes it, and the same after it has been written."""
    header = text_of(data)[:8192]
    found = parse_baggage(header)
    shown = {
        key: (str(value), value.properties if isinstance(value, BaggageValue) else "") for key, value in found.items()
    }
    if len(shown) < 180:
        assert shown == grammar.baggage(header)
    sent = format_baggage(found, lambda key, why: None)
    assert grammar.baggage(sent).keys() <= found.keys() and len(sent) <= 8192


def carrier(data: bytes) -> None:
    """Take lines of `name: value` in each shape of carrier; what goes out again is valid."""
    lines = [line.partition(b":") for line in data.split(b"\n")]
    pairs = [(name, value) for name, _, value in lines]
    texts = [(text_of(name), text_of(value)) for name, value in pairs]
    grouped = {name: [value for key, value in texts if key == name] for name, _ in texts}
    for each in (pairs, texts, dict(pairs), dict(texts), grouped):
        _crosses(extract(each))  # type: ignore[arg-type]  # names of bytes are not promised, and must do no harm
        receive(each, "link")  # type: ignore[arg-type]


def environment(data: bytes) -> None:
    """Take `NAME=value` with zero bytes between, as the kernel has them."""
    parts = (part.partition(b"=") for part in data.split(b"\0"))
    _crosses(from_environment({text_of(name): text_of(value) for name, _, value in parts}))


def _crosses(values: dict[str, object]) -> None:
    token = attach(values)
    sent = to_environment()
    detach(token)
    assert grammar.is_traceparent(sent.get("TRACEPARENT", f"00-{1:032x}-{1:016x}-00"))
    assert grammar.tracestate(sent.get("TRACESTATE", "")) is not None


def sampling_shares(data: bytes) -> None:
    """Give shares from 0 to 1, or say what is wrong by a `ValueError`."""
    try:
        found = shares(text_of(data))
    except ValueError:
        return
    assert all(pattern and 0 <= share <= 1 for pattern, share in found.items())


def sampling_rules(data: bytes) -> None:
    """Give rules with ratios from 0 to 1, or say what is wrong by a `ValueError`."""
    try:
        found = rules(text_of(data))
    except ValueError:
        return
    assert all(0 <= rule.ratio <= 1 for rule in found)


def retry_after(data: bytes) -> None:
    """Give a pause that ends, whatever an endpoint says in its headers and body."""
    first, _, second = data.partition(b"\0")
    headers = {"retry-after": text_of(first), "date": text_of(second)}
    _ends(http_verdict(503, text_of(second), headers, data))
    http_verdict(400, None, {}, data)
    taken(data)


def grpc_trailers(data: bytes) -> None:
    """Give a pause that ends, whatever an endpoint puts into its trailers."""
    for name in ("google.rpc.retryinfo-bin", "grpc-status-details-bin"):
        _ends(grpc_verdict("UNAVAILABLE", text_of(data), [(name, data), ("x", text_of(data))]))
        grpc_verdict("RESOURCE_EXHAUSTED", None, [(name, data)])


def _ends(verdict: Verdict) -> None:
    assert isinstance(verdict, Again)
    assert 0 <= verdict.after_seconds <= LONGEST_SECONDS


TARGETS: Final[dict[str, Target]] = {
    each.__name__: each
    for each in (
        traceparent,
        tracestate,
        baggage,
        carrier,
        environment,
        sampling_shares,
        sampling_rules,
        retry_after,
        grpc_trailers,
    )
}

_PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_RETRY_INFO = b"\x0a\x02\x08\x05"

SEEDS: Final[dict[str, tuple[bytes, ...]]] = {
    "traceparent": (_PARENT, b" cc" + _PARENT[2:] + b"-future\t"),
    "tracestate": (b"rojo=00f067aa0ba902b7, congo=t61rcWkgMzE", b"t@v= a!~,,0b=1"),
    "baggage": (b"userId=alice,serverNode=DF%2028 ; p ; q = r, isProduction = false", b"a=%C3%A9%,b="),
    "carrier": (b"TraceParent:" + _PARENT + b"\ntracestate:a=1\nTRACESTATE:b=2\nbaggage:tenant=a;ttl=5",),
    "environment": (b"TRACEPARENT=" + _PARENT + b"\0TRACESTATE=a=1\0BAGGAGE=tenant=a\0PATH=/bin",),
    "sampling_shares": (b"codegen.*=off,verify.run=10%,plan.*=0.5,a=on",),
    "sampling_rules": (b'[{"name": "codegen.*", "attributes": {"a": "b*"}, "ratio": "10%", "per_second": 5}]',),
    "retry_after": (b"120\0Wed, 21 Oct 2015 07:28:00 GMT", b"Wed, 21 Oct 2015 07:28:00 GMT\0", b"1.5\0"),
    "grpc_trailers": (
        _RETRY_INFO,
        b"\x1a\x2e\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04" + _RETRY_INFO,
    ),
}
"""Valid inputs of each target, from which others are made."""
