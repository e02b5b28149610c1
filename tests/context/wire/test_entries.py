"""Baggage of here and now: one mapping for us and for OpenTelemetry, and what of it may leave."""

from __future__ import annotations

import pytest
from opentelemetry import baggage, context
from tests.context.conftest import Run
from tests.context.wire.service import HEADER
from tests.instrument.shop import REGISTRY

from telemetry import attach, detach, extract, inject, span
from telemetry.context import get_baggage, remove_baggage, set_baggage
from telemetry.context.baggage import BaggageValue
from telemetry.testing import Recording, isolated


def sent() -> dict[str, str]:
    """Give what `inject` writes here."""
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier


def test_entries_hold_until_they_are_detached(recording: Recording) -> None:
    """`set_baggage` and `remove_baggage` give tokens; spans neither add to the entries nor take from them."""
    assert get_baggage() == {}
    first = set_baggage("tenant", "a b")
    second = set_baggage("user", "1")
    with span("job"):
        assert get_baggage() == {"tenant": "a b", "user": "1"}
        third = remove_baggage("tenant")
        assert get_baggage() == {"user": "1"}
        detach(third)
    detach(second)
    assert get_baggage() == {"tenant": "a b"}
    detach(first)
    assert get_baggage() == {}


def test_what_is_given_out_is_a_copy(recording: Recording) -> None:
    """Nobody changes the entries of others by changing what `get_baggage` gave."""
    token = set_baggage("tenant", "a")
    get_baggage()["tenant"] = "b"  # type: ignore[index]
    assert get_baggage() == {"tenant": "a"}
    detach(token)


def test_opentelemetry_sees_the_same_entries(recording: Recording) -> None:
    """Set on either side, they are read, and removed, on the other; other types of values are text here."""
    ours = set_baggage("tenant", "a")
    assert baggage.get_all() == {"tenant": "a"}
    theirs = context.attach(baggage.set_baggage("user", 7))
    assert get_baggage() == {"tenant": "a", "user": "7"}
    without = context.attach(baggage.remove_baggage("tenant"))
    assert get_baggage() == {"user": "7"}
    again = remove_baggage("user")
    assert baggage.get_all() == {}
    for token in (again, without, theirs, ours):
        detach(token)
    assert get_baggage() == baggage.get_all() == {}


@pytest.mark.parametrize(
    "first", ["import telemetry", "from opentelemetry import baggage", "import opentelemetry.trace"]
)
def test_in_either_order_of_imports(first: str, run: Run) -> None:
    """Who is loaded first chooses the key, even when entries are set before the other side is there."""
    run(f"""
    {first}
    import sys, telemetry
    from telemetry.context import get_baggage, set_baggage
    token = set_baggage("tenant", "a")
    from opentelemetry import baggage, context
    assert baggage.get_all() == {{"tenant": "a"}}, baggage.get_all()
    inner = context.attach(baggage.set_baggage("user", "1"))
    assert get_baggage() == {{"tenant": "a", "user": "1"}}
    context.detach(inner)
    telemetry.detach(token)
    assert get_baggage() == baggage.get_all() == {{}}
    """)


def test_nothing_of_opentelemetry_is_loaded_for_baggage(run: Run) -> None:
    """Setting, sending and receiving entries work without it; before `configure`, none leave."""
    run("""
    import sys, telemetry
    from telemetry.context import get_baggage, set_baggage
    token = telemetry.attach(telemetry.extract({"baggage": "tenant=a;ttl=5"}))
    set_baggage("user", "1")
    assert get_baggage() == {"tenant": "a", "user": "1"}
    carrier = {}
    telemetry.inject(carrier)
    assert carrier == {}
    with telemetry.configure("shop", baggage_keys=["tenant", "user"], registry=REGISTRY):
        telemetry.inject(carrier)
    assert carrier == {"baggage": "tenant=a;ttl=5,user=1"}
    carrier.clear()
    telemetry.inject(carrier)
    assert carrier == {}
    assert not [name for name in sys.modules if name.startswith("opentelemetry")]
    """)


def test_only_what_is_named_leaves(recording: Recording) -> None:
    """Patterns of the setting say which keys; the others are counted by case, and the names of their keys are told."""
    token = attach(extract({"traceparent": HEADER, "baggage": "tenant=a;ttl=5,user.id=1,other=2,k=3,k1=4"}))
    assert sent()["baggage"] == "tenant=a;ttl=5,user.id=1,k1=4"
    assert get_baggage()["other"] == "2"
    detach(token)
    assert recording.losses["baggage_refused"] == 2
    named = [detail for reason, detail in recording.runtime.breaches.named() if reason == "baggage_refused"]
    assert named == [
        "'other' is not in baggage_keys: it stays in this process",
        "'k' is not in baggage_keys: it stays in this process",
    ]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("user.password", "hunter2", None),
        ("tenant", "Bearer abcdefghijklmnop", None),
        ("user", "ghp_" + "a" * 36, None),
        ("tenant", BaggageValue("a", "password=hunter2"), "tenant=a"),
        ("tenant", "plain text", "tenant=plain%20text"),
    ],
)
def test_no_secret_leaves(key: str, value: str, expected: str | None, recording: Recording) -> None:
    """Neither by the name of its key nor by its form, nor as a property; and the value is told nobody."""
    token = set_baggage(key, value)
    assert sent().get("baggage") == expected
    detach(token)
    assert not any("hunter2" in detail for _, detail in recording.runtime.breaches.named())
    assert recording.losses.get("baggage_refused", 0) == (expected is None)


def test_by_default_nothing_leaves() -> None:
    """Without `baggage_keys` all entries stay, and come in all the same."""
    with isolated(registry=[REGISTRY]) as recording:
        token = attach(extract({"baggage": "tenant=a"}))
        assert get_baggage() == {"tenant": "a"}
        assert sent() == {}
        detach(token)
    assert recording.losses == {"baggage_refused": 1}


def test_a_key_that_no_header_can_have_stays(recording: Recording) -> None:
    """It is counted, and the other entries go."""
    tokens = [set_baggage("user name", "a"), set_baggage("tenant", "b")]
    assert sent()["baggage"] == "tenant=b"
    for token in reversed(tokens):
        detach(token)
    assert recording.losses == {"baggage_refused": 1}
