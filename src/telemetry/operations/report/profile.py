"""Profiles: which metrics a report is about, and over how long; a TOML file each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, final

from telemetry.errors import ConfigurationError

_SUFFIX: Final = ".toml"


@final
@dataclass(frozen=True, slots=True)
class Profile:
    """What a report is about.

    Attributes:
        hours: How far back it looks.
        metrics: Names out of the registry.
    """

    name: str
    title: str
    hours: float
    metrics: tuple[str, ...]


def profiles() -> list[str]:
    """List the names of the profiles."""
    found = files(__package__).joinpath("profiles").iterdir()
    return sorted(each.name.removesuffix(_SUFFIX) for each in found if each.name.endswith(_SUFFIX))


def profile(name: str) -> Profile:
    """Read a profile.

    Raises:
        ConfigurationError: There is none of that name.
    """
    if name not in profiles():
        raise ConfigurationError(f"there is no profile {name!r}; give one of {', '.join(profiles())}")
    read = tomllib.loads(files(__package__).joinpath("profiles", name + _SUFFIX).read_text(encoding="utf-8"))
    return Profile(name, read["title"], read["hours"], tuple(read["metrics"]))
