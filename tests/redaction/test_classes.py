"""What becomes of the values of attributes and fields, by their classes."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
from tests.redaction.conftest import REGISTRY

import telemetry
from telemetry.contracts import InvalidRegistryError, Mask, Registry, Secrecy, load_registry
from telemetry.errors import ConfigurationError, ContractError, RegistryError
from telemetry.signals import SpanRecord
from telemetry.testing import Recording, isolated

HASH = re.compile("hmac:[0-9a-f]{16}")


def _here() -> Any:
    return telemetry.current_span()


def _texts(span: SpanRecord) -> str:
    events = [(event.name, dict(event.attributes)) for event in span.events]
    links = [dict(link.attributes) for link in span.links]
    return repr((dict(span.attributes), span.status_description, events, links))


def _pushed(registry_file: Path, *calls: tuple[Any, ...]) -> Recording:
    with isolated(registry=[registry_file]) as recording:

        @telemetry.instrument_span(
            "image.push",
            attributes={"image.name": "clamp"},
            capture={"image.account": "who", "image.access": "how"},
            result={"image.pin": lambda result: result},
        )
        def push(who: str, how: str, late: str = "", fails: bool = False) -> int:
            if late:
                _here().set_attribute("image.header.x", late)
            if fails:
                raise PermissionError(f"{who!r} may not push with {how!r} and {late}")
            return 481_516

        for call in calls:
            try:
                push(*call)
            except PermissionError:
                continue
        recording.runtime.flush()
    return recording


def test_a_secret_is_dropped_or_hashed_and_all_else_stays(registry_file: Path) -> None:
    """Captured, returned and set later: of what is dropped nothing is left, and equal values have equal hashes."""
    recording = _pushed(registry_file, ("ada.l", "open-s3same"), ("ada.l", "other-s3same"), ("bob.m", "x", "late-1"))
    first, second, third = (dict(span.attributes) for span in recording.spans)
    assert first.keys() == {"host.kind", "image.name", "image.account"}
    assert HASH.fullmatch(str(first["image.account"]))
    assert first["image.account"] == second["image.account"] != third["image.account"]
    assert third["image.name"] == "clamp"
    assert recording.losses == {}


def test_the_text_of_an_exception_has_no_secret_of_its_span(registry_file: Path) -> None:
    """A value that the span knows by a secret name is in neither message, stack trace nor status."""
    recording = _pushed(
        registry_file, ("ada.l", "open-s3same", "late-value", True), ("ada.l", "open\n'\"\\q", "", True)
    )
    for span, hidden in zip(recording.spans, (("open-s3same", "late-value"), ("open\\n", "open\n")), strict=True):
        shown = _texts(span)
        assert "PermissionError" in shown and "may not push with" in shown
        assert not [text for text in ("ada.l", *hidden) if text in shown]


def test_a_secret_that_replaced_another_is_known_as_well(registry_file: Path) -> None:
    """Also what was set over a captured value, and a value that was replaced by it, are taken out of the text."""
    with isolated(registry=[registry_file]) as recording:

        @telemetry.instrument_span("image.push", capture={"image.access": "how"})
        def push(how: str) -> None:
            _here().set_attribute("image.access", "second-one")
            raise PermissionError(f"neither {how} nor second-one")

        with pytest.raises(PermissionError):
            push("first-one")
    message = recording.spans[0].events[0].attributes["exception.message"]
    assert message == "neither [redacted] nor [redacted]"


def test_blocks_events_and_links_keep_no_secret(registry_file: Path) -> None:
    """What `telemetry.span`, `add_event`, `add_link` and `set_status` are given passes the classes as well."""
    attributes = {"image.access": "block-value"}
    with isolated(registry=[registry_file]) as recording, telemetry.span("image.push", attributes=attributes) as span:
        span.set_attribute("image.teams", ["red-team", "blue-team"])
        span.set_attribute("image.header.accept", "text/plain")
        span.set_attribute("image.token_kind", "oidc")
        span.add_event("used block-value", {"image.access": "event-value", "note": "with block-value"})
        span.add_link(span.get_span_context(), {"image.access": "link-value", "note": "linked"})
        span.set_status("error", "refused block-value")
    (made,) = recording.spans
    shown = _texts(made)
    assert not [text for text in ("block-value", "event-value", "link-value", "red-team") if text in shown]
    assert made.attributes["image.header.accept"] == "text/plain"
    assert made.attributes["image.token_kind"] == "oidc"
    teams = made.attributes["image.teams"]
    assert isinstance(teams, tuple) and all(HASH.fullmatch(str(team)) for team in teams)
    assert made.events[0].attributes == {"note": "with [redacted]"}
    assert made.links[0].attributes == {"note": "linked"}
    assert made.status_description == "refused [redacted]"


def test_spans_of_opentelemetry_keep_no_secret(registry_file: Path) -> None:
    """The classes hold by name for spans that are in no contract, and for numbers, tuples and exceptions of theirs."""
    with isolated(registry=[registry_file]) as recording:
        from opentelemetry import trace

        try:
            with trace.get_tracer("team").start_as_current_span("push ghp_" + "a1B2" * 9) as span:
                span.set_attributes({"image.access": "api-value", "image.pin": 481516, "password": 234201})
                span.set_attributes({"image.teams": ("red-team", "blue-team"), "other": "stays"})
                raise PermissionError("refused api-value")
        except PermissionError:
            pass
    (made,) = recording.spans
    shown = _texts(made) + made.name
    hidden = ("api-value", "481516", "234201", "red-team", "ghp_")
    assert not [text for text in hidden if text in shown]
    assert made.attributes["other"] == "stays"
    assert len(made.attributes["image.teams"]) == 2  # type: ignore[arg-type]


def test_log_lines_keep_no_secret(registry_file: Path) -> None:
    """Fields are dropped or hashed by name, of either logger, and their values go from the texts of the line."""
    import logging

    with isolated(registry=[registry_file]) as recording:
        log = telemetry.get_logger("push")
        log.info("image.pushed", account="ada.lovelace", door_code="4711-x")
        with telemetry.span("image.push", attributes={"image.access": "span-value"}):
            try:
                raise PermissionError("refused span-value")
            except PermissionError:
                log.exception("image.pushed", account="ada.lovelace")
        logging.getLogger("other").warning(
            "ada.lovelace came by 4711-x", extra={"door_code": "4711-x", "account": "ada.lovelace"}
        )
    lines = recording.logs
    shown = repr(lines)
    assert not [text for text in ("ada.lovelace", "4711-x", "span-value") if text in shown]
    assert len(set(re.findall("hmac:[0-9a-f]{16}", shown))) == 1
    assert recording.losses == {}


def test_a_refused_secret_is_named_without_its_value(registry_file: Path) -> None:
    """What is said of a value that breaks its contract shows neither a secret nor a credential."""
    stderr = io.StringIO()
    with redirect_stderr(stderr):
        runtime = telemetry.configure("push", registry=registry_file, journal=False)
        with telemetry.span("image.push") as span:
            span.set_attribute("image.pin", "not-a-number-4711")
            span.set_attribute("image.name", ["password=hunter2", "b"])
        runtime.flush()
        telemetry.shutdown()
    assert "'image.pin' must be int; it is a secret str" in stderr.getvalue()
    assert "'image.name' must be string" in stderr.getvalue()
    assert "4711" not in stderr.getvalue() and "hunter2" not in stderr.getvalue()


def test_hashes_need_the_key() -> None:
    """Equal keys give equal hashes, others others; without a key each process makes its own."""
    registry = Registry(attributes=load_registry().attributes, fields=_field("hash"))
    one, same, other = (Secrecy(registry, key).shown("account", "ada") for key in (b"1", b"1", b"2"))
    assert one == same != other
    assert Secrecy(registry).shown("account", "ada") != Secrecy(registry).shown("account", "ada")


def test_the_key_comes_from_a_file(registry_file: Path, tmp_path: Path) -> None:
    """Runtimes with one key hash alike, so that their values can be joined; a key that is not there is an error."""
    key = tmp_path / "key"
    key.write_bytes(b"of the team\n")
    shown = set()
    for given in (key, key, None):
        with isolated(registry=[registry_file], **({"hash_key_file": str(given)} if given else {})) as recording:
            with telemetry.span("image.push", attributes={"image.account": "ada.lovelace-4711"}):
                pass
            shown.add(recording.spans[0].attributes["image.account"])
    assert len(shown) == 2
    with pytest.raises(ConfigurationError, match=r"hash_key_file .*: No such file"), isolated(hash_key_file="/none"):
        pass


def _field(treatment: Any) -> dict[str, Any]:
    from telemetry.contracts import AttributeContract

    return {"account": AttributeContract("account", "string", "Who.", sensitivity="secret", treatment=treatment)}


def test_short_values_are_not_looked_for() -> None:
    """A secret of one letter does not take that letter out of all texts."""
    assert Mask(["a", "no", "four"])("a text with no four") == "a text with no [redacted]"


def test_a_message_that_was_cut_does_not_end_in_half_a_secret() -> None:
    """Where a long text ends by the beginning of a known value, that goes too."""
    assert Mask(["open sesame now"])("x" * 4086 + " open sesa").endswith("x [redacted]")


@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        ({"name": "push.token"}, "says that it holds a secret; add 'class': 'secret', or 'internal'"),
        ({"class": "private"}, "must be one of public, internal, secret; it is 'private'"),
        ({"treatment": "hash"}, "only a secret is treated"),
        ({"class": "secret", "required": "always"}, "what is dropped is never there"),
        ({"class": "secret", "treatment": "hash", "values": ["a"]}, "a hash is none of the allowed values"),
        ({"class": "secret", "treatment": "hash", "type": "int"}, "a hash is text"),
        ({"name": "image.access"}, "and secret (drop) here; a name has one class"),
    ],
)
def test_what_contradicts_itself_is_found_at_load(tmp_path: Path, attribute: dict[str, Any], problem: str) -> None:
    """Each mistake about classes is named with its place."""
    declared = {"name": "push.note", "type": "string", "description": "What.", **attribute}
    path = tmp_path / "push.json"
    path.write_text(json.dumps({**REGISTRY, "attributes": [declared]}))
    with pytest.raises(RegistryError, match=re.escape(problem)):
        load_registry(path)


@pytest.mark.parametrize("label", ["image_access", "door_code", "api_key"])
def test_no_label_is_a_secret(tmp_path: Path, label: str) -> None:
    """A label that the contracts or its name call a secret is refused, for every scrape would show it."""
    metric = {
        "name": "pushes_total",
        "kind": "counter",
        "unit": "count",
        "description": "Pushes.",
        "owner": "me",
        "labels": [label, "environment"],
    }
    path = tmp_path / "push.json"
    path.write_text(json.dumps({**REGISTRY, "metrics": [metric]}))
    with pytest.raises(RegistryError, match="every scrape shows labels") as caught:
        load_registry(path)
    assert not isinstance(caught.value, InvalidRegistryError)
    assert caught.value.pointer == "/metrics/0/labels/0"


def test_no_label_takes_the_value_of_a_secret(tmp_path: Path) -> None:
    """One parameter cannot be a secret on the span and a label under another name; nor is a credential a label."""
    metric = {
        "name": "pushes_total",
        "kind": "counter",
        "unit": "count",
        "description": "Pushes.",
        "owner": "me",
        "labels": ["team", "environment"],
    }
    path = tmp_path / "push.json"
    path.write_text(json.dumps({**REGISTRY, "metrics": [metric]}))
    with isolated(registry=[path]) as recording:
        with pytest.raises(ContractError, match=r"'image.access' is a secret, and a metric captures the same value"):

            @telemetry.record_metric("pushes_total", capture={"team": "how"})
            @telemetry.instrument_span("image.push", capture={"image.access": "how"})
            def leak(how: str) -> None: ...

        @telemetry.record_metric("pushes_total", capture={"team": "team"})
        def push(team: str) -> None: ...

        push("red")
        push("ghp_" + "a1B2" * 9)
        assert recording.value("pushes_total", team="red") == 1
        assert "ghp_" not in repr(recording.metrics)


@pytest.mark.parametrize("offset", [-40, -20, -8, -1])
def test_a_cut_hides_the_form_of_no_credential(offset: int) -> None:
    """Long texts of exceptions are cut; a key that the cut goes through is not there by half."""
    key = "ghp_" + "Zq9Zq8Zq7Z" * 4
    with isolated() as recording:
        for limit in (3_000, 4_096, 9_000):
            try:
                with telemetry.span("spec.parse"):
                    raise ValueError("word " * ((limit + offset) // 5) + key + " word" * 3_000)
            except ValueError:
                telemetry.get_logger("cut").exception("spec.rejected")
    shown = "".join(map(_texts, recording.spans)) + repr(recording.logs)
    assert "ValueError" in shown
    assert "Zq" not in shown


def test_a_process_learns_the_secrets_of_its_spans(registry_file: Path) -> None:
    """What a span was given is known to those below it and around it; of ordinary words nothing is missing."""
    with isolated(registry=[registry_file]) as recording:

        @telemetry.instrument_span("spec.parse")
        def parse(how: str) -> None:
            raise ValueError(f"cannot open a door in production with {how}")

        access = {"image.access": "open-sesame-1"}

        def push() -> None:
            with telemetry.span("spec.parse"), telemetry.span("image.push", attributes=access):
                telemetry.span("spec.parse", attributes={"gen_ai.access_token": "production"}).end()
                parse("open-sesame-1")

        with pytest.raises(ValueError, match="open"):
            push()
        try:
            raise ValueError("open-sesame-1")
        except ValueError:
            telemetry.get_logger("caller").exception("spec.rejected")
    shown = "".join(map(_texts, recording.spans)) + repr(recording.logs)
    assert "open-sesame" not in shown
    assert "cannot open a door in production with [redacted]" in shown
