"""The label memo: from the keywords of `labels(…)` to the child that records under them, made once.

It knows no metric: `make` does. `native/labels.pxi` has the compiled twin.
"""

from __future__ import annotations

from .values import label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LIMIT = 4096
"""Children that a memo keeps; a metric that meets more starts over."""


class LabelMemo:
    """Gives the child of a combination of label values, and makes each once.

    `make` gets the labels as a dict, with values that are text, or None where a label was given None. Values that are
    no strings become text first, by the user's own `str()`, which may raise: no lookup does.

    Attributes:
        lookup: Give the child for keyword labels.
    """

    __slots__ = ("_children", "lookup")

    def __init__(self, make: Callable[[dict[str, str | None]], Any]) -> None:
        self._children: dict[tuple[Any, ...], Any] = {}
        children = self._children

        def lookup(**labels: Any) -> Any:
            try:
                return children[tuple(labels.items())]
            except Exception:  # noqa: BLE001 -- a KeyError, or the user's own `__hash__` or `__eq__`
                return _careful(children, make, labels)

        lookup.__name__ = lookup.__qualname__ = "labels"
        self.lookup = lookup

    def clear(self) -> None:
        """Forget all children."""
        self._children.clear()


def _careful(children: dict[tuple[Any, ...], Any], make: Callable[..., Any], labels: dict[str, Any]) -> Any:
    texts = {name: label(value) for name, value in labels.items()}
    key = tuple(texts.items())
    found = children.get(key)
    if found is not None:
        return found
    made = make(texts)
    if len(children) >= LIMIT:
        children.clear()
    return children.setdefault(key, made)
