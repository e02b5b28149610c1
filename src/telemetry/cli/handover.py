"""Write settings as variables, so that a program and its children read what `telemetry run` has read."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote

from telemetry.config import SETTINGS, Setting, Settings
from telemetry.errors import ConfigurationError

_DEFAULT: Final = Settings()
_DETAIL_LENGTH: Final = "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"
_SPAN_LENGTH: Final = "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"
_NO_LIMIT: Final = (1 << 31) - 1


def variables(settings: Settings, chosen: Collection[str]) -> dict[str, str]:
    """Write the settings that a child must not look up again: where it runs, another pyproject.toml may be found.

    Args:
        settings: As they were read.
        chosen: The settings that a file names; these are written even where their value is the default.

    Raises:
        ConfigurationError: A variable cannot hold a value, such as a pattern of `flags` with a comma.
    """
    found = {}
    for setting in SETTINGS:
        value = _value(settings, setting.name)
        if value is not None and (setting.name in chosen or _differs(settings, setting.name, value)):
            found[setting.variables[0]] = _written(setting, value)
    # The specification's variable for all attributes counts for those of spans too, unless they have one of their own.
    if _DETAIL_LENGTH in found and settings.limits.attribute_value_length is None:
        found[_SPAN_LENGTH] = str(_NO_LIMIT)
    return found


def _value(settings: Settings, name: str) -> Any:
    holder = settings.limits if name.startswith("limits_") else settings
    return getattr(holder, name.removeprefix("limits_"))


def _differs(settings: Settings, name: str, value: Any) -> bool:
    # Where nobody names a component it is the service, and that is the program's, not ours.
    usual = settings.service_name if name == "component" else _value(_DEFAULT, name)
    return bool(value != usual)


def _written(setting: Setting, value: Any) -> str:
    """Write a value, and read it again as the program will."""
    variable = setting.variables[0]
    try:
        text = _text(setting.name, value)
        if "\0" not in text and setting.read(text.strip()) == value:
            return text
    except (TypeError, ValueError, RecursionError):
        pass
    raise ConfigurationError(
        f"{setting.name} = {value!r:.200}: the variable {variable} cannot hold it, by which the program gets it; "
        "use names without ',' and '=', files without ':', and in tables only text, numbers, switches and lists"
    )


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if name == "resource_attributes":
        return ",".join(f"{quote(key)}={quote(text)}" for key, text in value.items()) or ","
    if isinstance(value, Mapping):
        return ",".join(f"{key}={each}" for key, each in value.items()) or ","
    if name in ("targets", "sampling_rules"):
        return json.dumps([_plain(each) for each in value])
    if name == "registry":
        return os.pathsep.join(map(str, value)) or os.pathsep
    return ",".join(value) or "none" if isinstance(value, tuple) else str(value)


def _plain(value: Any) -> dict[str, Any]:
    from dataclasses import asdict, is_dataclass

    table = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return {name: each for name, each in table.items() if each is not None}
