"""A YAML document, below the note that says how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .mark import commented

_WIDTH: Final = 1000


def as_yaml(content: Mapping[str, object] | Sequence[object]) -> str:
    """Write YAML in the order given; the same content gives the same text."""
    # Only who generates pays for it.
    import yaml

    return commented(yaml.dump(_plain(content), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=_WIDTH))


def _dumper() -> type:
    import yaml

    class Plain(yaml.SafeDumper):
        """Writes what stands twice twice: an alias is for programs, and these files are read by people."""

        def ignore_aliases(self, data: object) -> bool:
            """Never write an alias."""
            return True

    Plain.add_representer(str, _text)
    return Plain


def _plain(content: Mapping[str, object] | Sequence[object]) -> object:
    return dict(content) if isinstance(content, Mapping) else list(content)


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
