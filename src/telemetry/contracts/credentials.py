"""What credentials look like: the names of their fields, and their forms in text.

It lowers a risk and proves nothing: what neither its name nor its form gives away is for the classes of the contracts.
Each pattern is compiled when text first calls for it.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, final

REDACTED: Final = "[redacted]"
"""What stands in the place of a secret."""

# `token` alone is a secret; `input_tokens`, `token_count` and `tokenizer` are about language models.
_NAME: Final = (
    r"(?:passw(?:or)?d|passphrase|(?<![a-z])pwd(?![a-z])|secret(?!ar)|credential|authorization|cookie"
    r"|(?:api|access|private|signing|encryption|account)[-_. ]?key|client[-_.]?key[-_.]?data"
    r"|token(?![a-z]|[-_.](?:count|type|limit|usage|budget))|(?:access|auth|refresh|bearer|api)[-_.]?tokens)"
)
_NAME_HINTS: Final = ("passw", "passphrase", "pwd", "secret", "credential", "authorization", "cookie", "key", "token")

# Cutting inside of a secret would hide its form from the patterns, so the cut moves back to a blank.
_LONGEST_WORD: Final = 1_024
_SHORTEST_BARE: Final = 16


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Say whether a field of this name holds a secret, in snake, kebab or camel case.

    >>> is_secret_name("clientSecret"), is_secret_name("gen_ai.usage.input_tokens")
    (True, False)
    """
    return _name().search(name) is not None


def without_credentials(text: str) -> str:
    """Give text in which each known form of a credential is replaced; in time linear in the length.

    >>> without_credentials("pushing to https://ci:hunter2@registry.example/v2")
    'pushing to https://ci:[redacted]@registry.example/v2'
    """
    if len(text) < _SHORTEST_BARE and " " not in text and ":" not in text and "=" not in text and "," not in text:
        return text
    # A name is given its value by either, so one look serves for both.
    lowered = text.lower().replace("=", ":")
    tried: _Form | None = None
    for mark, hinted in _forms():
        if mark in lowered:
            for hint, form in hinted:
                if form is not tried and hint in lowered:
                    text, tried = form.clean(text), form
    return text


def cut(text: str, limit: int) -> str:
    """Give the beginning of a text, up to a blank before the limit where there is one near."""
    blank = max(text.rfind(mark, limit - _LONGEST_WORD, limit) for mark in " \n\t")
    return text[: blank if blank >= 0 else limit]


@cache
def _name() -> re.Pattern[str]:
    return re.compile(_NAME, re.IGNORECASE)


@final
class _Form:
    """How one kind of credential looks.

    Args:
        hints: What lower-case text must contain one of for the pattern to be worth a try, with ':' for '='.
        source: The pattern; what it must keep is in its groups.
        replacement: What becomes of a match.
    """

    __slots__ = ("_flags", "_pattern", "_replacement", "_source", "hints")

    def __init__(self, hints: tuple[str, ...], source: str, replacement: str = REDACTED, flags: int = 0) -> None:
        self.hints = hints
        self._source = source
        self._replacement = replacement
        self._flags = flags
        self._pattern: re.Pattern[str] | None = None

    def clean(self, text: str) -> str:
        """Replace what looks like this."""
        if self._pattern is None:
            self._pattern = re.compile(self._source, self._flags)
        return self._pattern.sub(self._replacement, text)


_KEPT: Final = rf"\1{REDACTED}"
_TEXT: Final = re.IGNORECASE | re.DOTALL
_START: Final = r"(?<![\w-])"

_QUOTED: Final = r"\\{0,3}\"(?:[^\"\\]|\\.)*+\"?|\\{0,3}'(?:[^'\\]|\\.)*+'?"
_VALUE: Final = rf"(?:\[redacted\]|b?(?:{_QUOTED})|[^\s\"',;&)}}\]]++)"
_IS: Final = r"\\{0,3}[\"']?\s{0,3}(?:[:?+]?={1,3}>?|:)\s{0,3}"
_QUOTE: Final = r"\\{0,3}[\"']"


@cache
def _forms() -> tuple[tuple[str, tuple[tuple[str, _Form], ...]], ...]:
    """Give all forms with their hints, by a character that they need, in the order in which they are looked for.

    Possessive and bounded quantifiers keep each one linear, whatever the text.
    """
    forms = {
        "": _unmarked(),
        "_": _underscored(),
        "-": _hyphenated(),
        ".": _dotted(),
        " ": _spaced(),
        ",": _listed(),
        ":": (*_addressed(), *_assigned()),
    }
    return tuple((mark, tuple((hint, form) for form in found for hint in form.hints)) for mark, found in forms.items())


def _unmarked() -> tuple[_Form, ...]:
    return (
        _Form(("akia", "asia", "abia", "acca"), rf"{_START}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{16}}(?![A-Z0-9])"),
        _Form(("aiza",), rf"{_START}AIza[\w-]{{35}}"),
        _Form(("atatt3",), rf"{_START}ATATT3[\w=-]{{20,}}+"),
        _Form(("q~",), r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])"),
        _Form(("dapi", "sk"), rf"{_START}(?:dapi|SK)[0-9a-f]{{32}}(?!\w)"),
        # Base64 of what private keys begin with; certificates and public keys begin otherwise.
        _Form(("ls0tls1crudjti",), r"LS0tLS1CRUdJTi(?!BDRVJU|BQVUJM)[\w+/=]{20,}+"),
        _Form(("b3blbnnzac1rzxktdje",), r"b3BlbnNzaC1rZXktdjE[\w+/=]{20,}+"),
    )


def _underscored() -> tuple[_Form, ...]:
    return (
        _Form(("gho_", "ghp_", "ghr_", "ghs_", "ghu_"), rf"{_START}gh[oprsu]_\w{{20,}}+"),
        _Form(("github_pat_", "dckr_pat_"), rf"{_START}(?:github|dckr)_pat_[\w-]{{20,}}+"),
        _Form(("npm_",), rf"{_START}npm_[A-Za-z0-9]{{36}}(?!\w)"),
        _Form(("k_live_", "k_test_", "whsec_"), rf"{_START}(?:[rs]k_(?:live|test)_\w{{10,}}+|whsec_[\w+/=]{{20,}}+)"),
        _Form(("sk_",), rf"{_START}sk_(?=[\w-]{{0,40}}\d)[\w-]{{20,}}+"),
        _Form(("hf_", "dop_v1_"), rf"{_START}(?:hf_[A-Za-z0-9]{{30,}}+|dop_v1_[0-9a-f]{{64}})(?!\w)"),
        _Form(("shp",), rf"{_START}shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{{32}}(?!\w)"),
    )


def _hyphenated() -> tuple[_Form, ...]:
    block = (
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    )
    lines = r"(Private-Lines:\s{0,3}\d{1,5}\s).*?(?:Private-MAC:\s{0,3}[0-9a-f]*+|\Z)"
    hexadecimal = rf"{_START}(?:key-[0-9a-f]{{32}}|PMAK-[0-9a-f]{{24}}-[0-9a-f]{{34}})(?!\w)"
    return (
        _Form(("private key-----", "private key block-----"), block, flags=re.DOTALL),
        _Form(("private-lines:",), lines, _KEPT, re.DOTALL),
        _Form(("age-secret-key-",), r"(?i:AGE-SECRET-KEY-)(?i:PQ-)?1[A-Za-z0-9]{16,}+"),
        _Form(("gl",), rf"{_START}gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w.-]{{16,}}+"),
        _Form(("xox", "xapp-"), rf"{_START}(?:xox[abceoprs]|xapp)-[\w.-]{{10,}}+"),
        _Form(("sk-",), rf"{_START}sk-(?=[\w-]{{0,40}}\d)[\w-]{{20,}}+"),
        _Form(("pypi-age",), rf"{_START}pypi-AgE[\w-]{{16,}}+"),
        _Form(("gocspx-", "nrak-"), rf"{_START}(?:GOCSPX-[\w-]{{20,}}+|NRAK-[A-Z0-9]{{27}}(?!\w))"),
        _Form(("key-", "pmak-"), hexadecimal),
    )


def _dotted() -> tuple[_Form, ...]:
    return (
        _Form(("eyj",), rf"{_START}eyJ[\w-]{{5,}}+\.[\w-]{{5,}}+(?:\.{{1,2}}[\w-]++){{0,4}}"),
        _Form(("sg.",), rf"{_START}SG\.[\w-]{{16,64}}\.[\w-]{{16,}}+"),
        _Form(("ya29.",), rf"{_START}ya29\.[\w.-]{{20,}}+"),
        _Form(("hvs.", "hvb.", "hvr."), rf"{_START}hv[bsr]\.[\w-]{{20,}}+"),
        _Form(("hooks.slack.com/", "/api/webhooks/"), r"(hooks\.slack\.com/\w{1,16}/|/api/webhooks/)[\w/-]++", _KEPT),
    )


def _spaced() -> tuple[_Form, ...]:
    option = rf"(--(?:\w{{1,32}}+-){{0,4}}{_NAME}[\w-]{{0,32}}\s{{1,3}})(?!-){_VALUE}"
    basic = r"\b(Basic\s{1,8})(?=[A-Za-z+/]{0,64}[\d=])[\w+/=]{8,}+"
    # Docker's `-u 1000:1000` names a group, and no password; so does `chown`, in no command line of curl's.
    user = r"(\s(?:-u|--user|--proxy-user)[\s=]{0,3}[\"']?[\w.@+-]{1,128}:)(?!\[redacted\])[^\s\"']++"
    return (
        _Form(("bearer",), r"\b(bearer\s{1,8})[\w.~+/=-]{6,}+", _KEPT, re.IGNORECASE),
        _Form(("basic",), basic, _KEPT),
        _Form(("--",), option, _KEPT, _TEXT),
        _Form(("curl",), user, _KEPT),
        _Form(("sshpass",), r"(\bsshpass\s{1,3}-p\s{0,3})\S++", _KEPT),
    )


def _listed() -> tuple[_Form, ...]:
    """Give the forms of lists that became text: an option and what follows it, and a name and its value in brackets."""
    option = rf"(--(?:\w{{1,32}}+-){{0,4}}{_NAME}[\w-]{{0,32}}{_QUOTE},\s{{0,3}})(?!{_QUOTE}-){_VALUE}"
    # A longer list is one of names, where nothing after `token` is its value. The bound keeps the time linear.
    value = rf"b?({_QUOTE})(?:(?!\2)(?:\\.|[^\\])){{1,1024}}+\2(?=\s{{0,3}},?\s{{0,3}}[)\]])"
    pair = rf"([(\[]\s{{0,3}}b?{_QUOTE}(?!-)[\w.-]{{0,64}}{_NAME}[\w.-]{{0,32}}{_QUOTE},\s{{0,3}}){value}"
    return (
        _Form(("--",), option, _KEPT, _TEXT),
        _Form(_NAME_HINTS, pair, _KEPT, _TEXT),
    )


def _addressed() -> tuple[_Form, ...]:
    # A port is no password: http://localhost:4318/v1?by=me@example.org
    url = r"(://[^\s/?#@:]{0,256}+:)(?!\d{1,5}(?:[/?#\s]|\Z))[^\s\"'<>]{1,256}@"
    return (
        _Form(("://",), url, rf"{_KEPT}@"),
        _Form(("https://", "http://"), r"(https?://)[\w-]{20,256}+@", rf"{_KEPT}@", re.IGNORECASE),
        _Form(("@tcp(", "@unix("), r"((?<![\w.-])[\w.-]{1,64}:)[^\s:@/]{1,128}@(?=(?:tcp|unix)\()", rf"{_KEPT}@"),
        _Form(("jdbc:oracle:",), r"(jdbc:oracle:\w{1,8}:[^\s/@]{1,64}/)[^\s@]{1,256}@", rf"{_KEPT}@", re.IGNORECASE),
        _Form((":aa",), r"(?<![\w-])\d{8,10}:AA[\w-]{33}(?![\w-])"),
        _Form((":_auth:",), r"(:_auth=)[^\s\"']++", _KEPT),
        _Form(('"auth',), r"(\"auth\"\s{0,3}:\s{0,3}\")[\w+/=]{8,}+", _KEPT),
    )


def _assigned() -> tuple[_Form, ...]:
    header = rf"((?:authorization|cookie){_IS})(?:{_QUOTED}|[^\r\n\"']++)"
    # HTTP's conventions have written REDACTED there already.
    named = r"(?:sig|signature|x-(?:amz|goog)-(?:signature|security-token|credential))"
    signature = rf"([?&;]{named}=)(?!REDACTED(?:[&#\s]|\Z))[^&\s\"'<>;]++"
    return (
        _Form(("sig:", "signature:", "x-amz-", "x-goog-"), signature, _KEPT, re.IGNORECASE),
        _Form(("authorization", "cookie"), header, _KEPT, _TEXT),
        _Form(_NAME_HINTS, rf"({_NAME}[\w.-]{{0,32}}{_IS}){_VALUE}", _KEPT, _TEXT),
    )
