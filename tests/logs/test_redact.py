"""What is a secret, what is none, and what finding out costs at worst."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.logs import REDACTED, is_secret_name, redact_text, redact_value

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nLXYxAAAAAB\n-----END OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("git clone https://ci:hunter2@host/x.git", "git clone https://ci:[redacted]@host/x.git"),
        ("postgres://ci:p@ss:w0rd@db:5432/x", "postgres://ci:[redacted]@db:5432/x"),
        ("redis://:hunter2@cache", "redis://:[redacted]@cache"),
        ("Authorization: Bearer abc.def-123", "Authorization: [redacted]"),
        ("sent bearer abc.def-123 to x", "sent bearer [redacted] to x"),
        ("used Basic Y2k6aHVudGVyMg== there", "used Basic [redacted] there"),
        ("Cookie: a=hunter2; b=hunter3\nHost: x", "Cookie: [redacted]\nHost: x"),
        ("curl -H 'Set-Cookie: a=hunter2; b=3' x", "curl -H 'Set-Cookie: [redacted]' x"),
        (f"token {_JWT}.", "token [redacted]."),
        ("id AKIAIOSFODNN7EXAMPLE used", "id [redacted] used"),
        ("ghp_" + "a1B2" * 9, "[redacted]"),
        ("key sk-proj-" + "a1B2" * 9, "key [redacted]"),
        ("glpat-abcdefghij0123456789", "[redacted]"),
        (f"wrote {_KEY} to disk", "wrote [redacted] to disk"),
        (_KEY[:60], "[redacted]"),
        ("password=hunter2 user=ci", "password=[redacted] user=ci"),
        ("DB_PASSWORD: 'hunter 2', x", "DB_PASSWORD: [redacted], x"),
        ('{"api_key": "hunter2", "n": 1}', '{"api_key": [redacted], "n": 1}'),
        (r"say {\"clientSecret\": \"hunter2\"}", r"say {\"clientSecret\": [redacted]"),
        ('password="a \\" hunter2" n=1', "password=[redacted] n=1"),
        ("deploy --auth-token hunter2 --verbose", "deploy --auth-token [redacted] --verbose"),
        ("Config(user='ci', password='hunter2')", "Config(user='ci', password=[redacted])"),
        ("Server=x;Uid=ci;Pwd=hunter2;", "Server=x;Uid=ci;Pwd=[redacted];"),
    ],
)
def test_secrets_are_taken_out(text: str, redacted: str) -> None:
    """The secret goes, the words around it stay, and a second pass changes nothing."""
    assert redact_text(text) == redacted
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "compile.start",
        "http://localhost:4318/v1/traces?by=me@example.org",
        "ssh://git@example.org/x.git",
        "gen_ai.usage.input_tokens=120 max_tokens: 5 token_count=3 tokenizer=bpe",
        "a.c:3:5: error: expected identifier before ';' token",
        "Basic understanding of authorization and cookies",
        "the bearer of news",
        "secretary: Ada",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "keyboard: us, monkey=1",
        "sk-learn and eyJust",
    ],
)
def test_other_text_stays(text: str) -> None:
    """What only looks a little like a secret is left alone, for over-redaction makes logs useless."""
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "passphrase",
        "pwd",
        "token",
        "auth_token",
        "accessToken",
        "x-api-key",
        "apiKey",
        "Authorization",
        "proxy-authorization",
        "Set-Cookie",
        "client_secret",
        "aws_secret_access_key",
        "private.key",
        "credentials",
        "signing_key",
        "access_tokens",
    ],
)
def test_names_of_secrets(name: str) -> None:
    """Names are recognised in every usual spelling."""
    assert is_secret_name(name)
    assert redact_value(name, "x") == REDACTED
    assert redact_value(name, 12345) == REDACTED
    assert redact_value(name, ["x"]) == REDACTED


@pytest.mark.parametrize(
    "name",
    [
        "backend",
        "operator",
        "clause.id",
        "key",
        "monkey",
        "tokens",
        "gen_ai.usage.output_tokens",
        "token_type",
        "tokenizer",
        "author",
        "secretariat",
        "toolchain.stdout.sha256",
        "session.id",
        "keyword",
    ],
)
def test_names_of_other_things(name: str) -> None:
    """Names that only contain a part of such a word are none."""
    assert redact_value(name, "x") == "x"


@dataclass
class _Login:
    user: str
    password: str


class _Hostile(Mapping[str, object]):
    """A mapping that cannot be read."""

    def __getitem__(self, key: str) -> object:
        raise RuntimeError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("value", "redacted"),
    [
        ({"user": "ci", "password": "hunter2"}, {"user": "ci", "password": REDACTED}),
        ({"has_password": True, "password": None}, {"has_password": True, "password": None}),
        ([("Authorization", "hunter2"), ("Host", "x")], [("Authorization", REDACTED), ("Host", "x")]),
        ([(b"authorization", b"hunter2"), (b"host", b"x")], [("authorization", REDACTED), ("host", "x")]),
        ({b"authorization": b"hunter2"}, {"b'authorization'": REDACTED}),
        ([b"login", b"--password", b"hunter2"], ["login", "--password", REDACTED]),
        ({"https://ci:hunter2@h/": 1}, {"https://ci:[redacted]@h/": 1}),
        ({"a": [{("password", "hunter2"): 1}]}, {"a": [{"('password', [redacted])": REDACTED}]}),
        (["login", "--password", "hunter2", "-v"], ["login", "--password", REDACTED, "-v"]),
        (["login", "--password=hunter2"], ["login", "--password=[redacted]"]),
        (_Login("ci", "hunter2"), "_Login(user='ci', password=[redacted])"),
        (b"password=hunter2", "password=[redacted]"),
        ({"a": [{"b": ("x", {"token": "hunter2"})}]}, {"a": [{"b": ("x", {"token": REDACTED})}]}),
        (_Hostile(), REDACTED),
    ],
)
def test_secrets_inside_of_values(value: object, redacted: object) -> None:
    """Secrets are found in mappings, pairs, commands, objects and bytes, at any depth that is kept."""
    assert redact_value("value", value) == redacted


def test_types_of_span_attributes_stay() -> None:
    """What a span attribute may hold comes back as it was, tuples as tuples."""
    for value in ("x", 1, 1.5, True, ("a", "b"), (1, 2)):
        assert redact_value("value", value) == value
        assert type(redact_value("value", value)) is type(value)


def test_wide_and_deep_values_are_cut() -> None:
    """A value of millions of items costs no more than one of a thousand, also when it is nested."""
    wide = redact_value("value", list(range(1_000_000)))
    assert wide == list(range(1000))
    square = redact_value("value", [["x"] * 1000] * 1000)
    assert isinstance(square, list)
    assert sum(len(row) for row in square) < 1000
    deep: object = "bottom"
    for _ in range(10_000):
        deep = [deep]
    assert redact_value("value", deep) == [[[[[["…"]]]]]]


def test_long_text_is_cut_and_says_so() -> None:
    """Text beyond 16384 characters is cut at a blank, so that no secret is cut in two."""
    text = redact_text("word " * 3276 + "https://ci:hunter2@example.org/ and more " + "x" * 1000)
    assert "hunter2" not in text
    assert "https" not in text
    assert text.endswith("word… (1042 more characters)")
    assert redact_text("x" * 20_000) == "x" * 16_384 + "… (3616 more characters)"


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_text_that_utf8_can_carry(text: str) -> None:
    """Nothing raises, surrogates included, and what comes out can be sent."""
    redact_text(text).encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "eyJ-",
        "eyJa.",
        "://",
        "://a:",
        "password",
        "--a-",
        "--token ",
        "-----BEGIN PRIVATE KEY-----",
        "bearer ",
        "gh",
        "sk-",
        "token=\\",
        "cookie:",
        '"\\',
        'key="\\',
        "a-",
        "Basic A",
        "authorization",
        "api_",
        "token: ",
        "x",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """The worst that could be thought of for each pattern takes milliseconds, a gigabyte for breakfast or not."""
    hostile = text * (10_000_000 // len(text))
    redact_text("password=x")
    started = time.process_time()
    redact_text(hostile)
    assert time.process_time() - started < 0.25
