"""The settings that a process would have here, with where each comes from, and no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from telemetry.config import SETTINGS, Settings, read_origins, read_settings
from telemetry.contracts import REDACTED, is_secret_name, without_credentials

_DEFAULT: Final = "default"
_LIMITS: Final = "limits_"


@final
@dataclass(frozen=True, slots=True)
class SettingInForce:
    """One setting.

    Attributes:
        value: As text, without what looks like a secret.
        origin: A variable, a file and key, or `default`.
    """

    name: str
    value: str
    origin: str

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.origin == _DEFAULT


def settings_in_force() -> list[SettingInForce]:
    """Read all settings as a process without arguments of its own would.

    Raises:
        ConfigurationError: A value is wrong.
    """
    settings, origins = read_settings(), read_origins()
    names = [each.name for each in SETTINGS]
    return [SettingInForce(name, _text(name, _value(settings, name)), origins.get(name, _DEFAULT)) for name in names]


def _value(settings: Settings, name: str) -> object:
    if name.startswith(_LIMITS):
        return getattr(settings.limits, name.removeprefix(_LIMITS))
    return getattr(settings, name)


def _text(name: str, value: object) -> str:
    if is_secret_name(name):
        return REDACTED
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_text(str(key), each)}" for key, each in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(_text("", each) for each in value) or "none"
    return "none" if value is None else without_credentials(str(value))
