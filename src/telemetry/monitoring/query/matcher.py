"""Label matchers of PromQL, as descriptions write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

OPERATORS: Final = ("=~", "!~", "!=")
"""What a value may begin with; without it the label has to equal the value."""

_PLAIN: Final = re.compile(r"[^\\^$.|?*+()\[\]{}]*")


def matcher(label: str, values: Sequence[str]) -> str:
    """Write the matcher of one label: equal to one value, or to any of several.

    >>> matcher("outcome", ["failure"]), matcher("backend", ["c", "llvm"]), matcher("env", ["!=staging"])
    ('outcome="failure"', 'backend=~"c|llvm"', 'env!="staging"')
    """
    if len(values) > 1:
        return f'{label}=~"{_escaped("|".join(map(_literal, values)))}"'
    operator, value = split(values[0])
    return f'{label}{operator}"{_escaped(value)}"'


def equals(label: str, value: str) -> str:
    r"""Write that a label has exactly this value, whatever it begins with.

    >>> equals("agent", 'a"b')
    'agent="a\\"b"'
    """
    return f'{label}="{_escaped(value)}"'


def split(value: str) -> tuple[str, str]:
    """Split the operator off a value."""
    operator = next((each for each in OPERATORS if value.startswith(each)), "")
    return operator or "=", value.removeprefix(operator)


def _literal(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else re.escape(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
