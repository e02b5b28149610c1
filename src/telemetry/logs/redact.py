"""Take secrets out of text and values before they leave the process.

It looks at names and at well-known forms of secrets, so it lowers a risk and proves nothing. Log chains, span
attributes and error messages pass here; what toolchains wrote is evidence and does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeVar, final

REDACTED = "[redacted]"
"""What stands in the place of a secret."""

_TEXT_LIMIT = 16_384
# Cutting inside of a secret would hide its form from the patterns, so the cut moves back to a blank.
_LONGEST_WORD = 1_024
_SHORTEST_BARE_SECRET = 16
_DEPTH_LIMIT = 6
_ITEM_LIMIT = 1_000

# `token` alone is a secret; `input_tokens`, `token_count` and `tokenizer` are about language models.
_SENSITIVE = (
    r"(?:passw(?:or)?d|passphrase|(?<![a-z])pwd(?![a-z])|secret(?!ar)|credential|authorization|cookie"
    r"|(?:api|access|private|signing|encryption|account)[-_. ]?key"
    r"|token(?![a-z]|[-_.](?:count|type|limit|usage|budget))|(?:access|auth|refresh|bearer|api)[-_.]?tokens)"
)
_NAME_HINTS = ("passw", "passphrase", "pwd", "secret", "credential", "authorization", "cookie", "key", "token")

_Item = TypeVar("_Item")
_Scalar = str | bool | int | float | None
_SCALARS = (str, bool, int, float, type(None))


def redact_text(text: str) -> str:
    """Return the text without secrets, and cut at 16384 characters.

    Found are private key blocks, passwords in URLs, bearer tokens, JSON Web Tokens, the access keys and tokens of
    large services, and `name=value`, `name: value` or `--name value` where the name is that of a secret. Takes about
    1 µs where there is nothing to suspect, and time linear in the length always. Surrogates, which UTF-8 and so JSON
    and OTLP cannot carry, become U+FFFD. Never raises.

    >>> redact_text("pushing to https://ci:hunter2@registry.example/v2")
    'pushing to https://ci:[redacted]@registry.example/v2'
    """
    if len(text) > _TEXT_LIMIT:
        text = _cut(text)
    if not text.isascii():
        text = _without_surrogates(text)
    elif len(text) < _SHORTEST_BARE_SECRET and " " not in text and ":" not in text and "=" not in text:
        return text
    lowered = text.lower()
    forms = _forms()
    text = _without(forms.bare, text, lowered)
    if " " in text:
        text = _without(forms.spaced, text, lowered)
    if ":" in text or "=" in text:
        text = _without(forms.assigned, text, lowered)
    return text


def redact_value(key: str, value: object) -> object:
    """Return the value as plain data without secrets.

    The result holds only None, booleans, numbers, strings, lists, tuples and dictionaries with string keys, so it can
    be written as JSON; other objects become their `str`. At most 1000 items are kept, six levels deep. Never raises.

    >>> redact_value("login", {"user": "ada", "password": "hunter2"})
    {'user': 'ada', 'password': '[redacted]'}
    """
    try:
        return _scalar(key, value) if isinstance(value, _SCALARS) else _Walk().value(key, value, 0)
    except Exception:  # noqa: BLE001 - a mapping of the caller's own may raise; what cannot be read is not let out
        return REDACTED


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Say whether a field of this name holds a secret, in snake, kebab or camel case.

    >>> is_secret_name("clientSecret"), is_secret_name("gen_ai.usage.input_tokens")
    (True, False)
    """
    return _name().search(name) is not None


@final
class _Walk:
    """One pass over a value; it counts what it saw, so that wide and cyclic data end."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _ITEM_LIMIT

    def value(self, key: str, value: object, depth: int) -> object:
        if isinstance(value, _SCALARS):
            return _scalar(key, value)
        return REDACTED if is_secret_name(key) else self._compound(key, value, depth)

    def _compound(self, key: str, value: object, depth: int) -> object:
        if isinstance(value, (bytes, bytearray)):
            return redact_text(bytes(value[: _TEXT_LIMIT + 1]).decode("utf-8", "replace"))
        if not isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return redact_text(_text(value))
        if depth == _DEPTH_LIMIT:
            return "…"
        if isinstance(value, Mapping):
            pairs = self._within_limit(value.items())
            return {name: self.value(name, item, depth + 1) for name, item in ((_text(n), i) for n, i in pairs)}
        items = self._items(key, value, depth + 1)
        return tuple(items) if isinstance(value, tuple) else list(items)

    def _items(self, key: str, values: Collection[object], depth: int) -> Iterator[object]:
        """Walk a sequence; what follows `--password`, or stands with `password` in a pair, is a secret too."""
        before = ""
        for item in self._within_limit(values):
            yield REDACTED if before and is_secret_name(before) else self.value(key, item, depth)
            names_next = isinstance(item, str) and (item.startswith("--") or len(values) == 2)
            before = str(item) if names_next and "=" not in str(item) else ""

    def _within_limit(self, items: Iterable[_Item]) -> Iterator[_Item]:
        for item in items:
            if self._left == 0:
                return
            self._left -= 1
            yield item


def _scalar(key: str, value: _Scalar) -> object:
    # Whether there is a password is no secret.
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(key):
        return REDACTED
    return redact_text(value) if isinstance(value, str) else value


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - __str__ is the caller's code
        return f"<unprintable {type(value).__name__}>"


def _cut(text: str) -> str:
    blank = max(text.rfind(mark, _TEXT_LIMIT - _LONGEST_WORD, _TEXT_LIMIT) for mark in " \n\t")
    end = blank if blank >= 0 else _TEXT_LIMIT
    return f"{text[:end]}… ({len(text) - end} more characters)"


def _without_surrogates(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


# Compiled at first use: these patterns would cost an import some 10 ms.
@cache
def _name() -> re.Pattern[str]:
    return re.compile(_SENSITIVE, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of secret looks: what lower-case text must contain for the pattern to be worth a try."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str = REDACTED


@dataclass(frozen=True, slots=True)
class _Forms:
    """All forms, by the characters that they cannot do without."""

    bare: tuple[_Form, ...]
    spaced: tuple[_Form, ...]
    assigned: tuple[_Form, ...]


def _without(forms: tuple[_Form, ...], text: str, lowered: str) -> str:
    for form in forms:
        for hint in form.hints:
            if hint in lowered:
                text = form.pattern.sub(form.replacement, text)
                break
    return text


@cache
def _forms() -> _Forms:
    """Compile the patterns; possessive and bounded quantifiers keep each one linear, whatever the text."""
    key_block = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)"
    jwt = r"(?<![\w-])eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)?"
    service_key = (
        r"(?<![\w-])(?:(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])|gh[oprsu]_\w{20,}+|github_pat_\w{20,}+"
        r"|glpat-[\w-]{16,}+|xox[abeoprs]-[\w-]{10,}+|sk[-_][\w-]{20,}+|AIza[\w-]{35}|npm_\w{30,}+|pypi-[\w-]{16,}+)"
    )
    service_hints = ("akia", "asia", "abia", "acca", "gh", "glpat-", "xox", "sk-", "sk_", "aiza", "npm_", "pypi-")
    bearer = r"\b(bearer\s{1,8})[\w.~+/=-]{6,}+"
    basic = r"\b(Basic\s{1,8})(?=[A-Za-z+/]{0,64}[\d=])[\w+/=]{8,}+"
    # A port is no password: http://localhost:4318/v1?by=me@example.org
    url = r"(://[^\s/?#@:]{0,256}+:)(?!\d{1,5}(?:[/?#\s]|\Z))[^\s\"'<>]{1,256}@"
    quoted = r"\\{0,3}\"(?:[^\"\\]|\\.)*+\"?|\\{0,3}'(?:[^'\\]|\\.)*+'?"
    value = rf"(?:\[redacted\]|b?(?:{quoted})|[^\s\"',;&)}}\]]++)"
    is_ = r"\\{0,3}[\"']?\s{0,3}(?:=>?|:)\s{0,3}"
    option = rf"(--(?:\w{{1,32}}+-){{0,4}}{_SENSITIVE}[\w-]{{0,32}}\s{{1,3}})(?!-){value}"
    header = rf"((?:authorization|cookie){is_})(?:{quoted}|[^\r\n\"']++)"
    assignment = rf"({_SENSITIVE}[\w.-]{{0,32}}{is_}){value}"
    return _Forms(
        bare=(
            _Form(("private key-----",), re.compile(key_block, re.DOTALL)),
            _Form(("eyj",), re.compile(jwt)),
            _Form(service_hints, re.compile(service_key)),
        ),
        spaced=(
            _Form(("bearer",), re.compile(bearer, re.IGNORECASE), rf"\1{REDACTED}"),
            _Form(("basic",), re.compile(basic), rf"\1{REDACTED}"),
            _Form(("--",), re.compile(option, re.IGNORECASE | re.DOTALL), rf"\1{REDACTED}"),
        ),
        assigned=(
            _Form(("://",), re.compile(url), rf"\1{REDACTED}@"),
            _Form(("authorization", "cookie"), re.compile(header, re.IGNORECASE | re.DOTALL), rf"\1{REDACTED}"),
            _Form(_NAME_HINTS, re.compile(assignment, re.IGNORECASE | re.DOTALL), rf"\1{REDACTED}"),
        ),
    )
