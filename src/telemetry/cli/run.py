"""`telemetry run -- CMD`: run a program with the functions instrumented that are listed as targets.

This process becomes the program (`execvp`), so that its status, signals, streams and arguments are its own. What makes
its interpreters start us is in the environment: a folder on PYTHONPATH, and the settings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from telemetry.config import SETTINGS, Settings, child_environment, read_settings
from telemetry.errors import ConfigurationError, ContractError

from .folders import names_service, refuse
from .launch import LAUNCHER

_BOOT = Path(__file__).absolute().with_name("boot")
_PATHS = ("registry", "journal")
_AMBIENT = ("environment", "host_region", "workspace_tier")
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def run(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments, after `--`.", metavar="-- CMD…")],
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML or JSON file with targets, and what else [tool.telemetry] may have.", dir_okay=False),
    ] = None,
    service: Annotated[str | None, typer.Option(help="The service's name; by default the program's.")] = None,
) -> None:
    """Run a program, and instrument the functions that are listed as targets, without touching its code.

    Exit code: the program's; 2 on a wrong setting or target, 126 or 127 where the program cannot be started.
    """
    try:
        settings = _settings(config, service)
        _check(settings)
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))
    _become(command, _environment(settings, service or _service(settings, command)))


def _settings(config: Path | None, service: str | None) -> Settings:
    """Read the settings; the environment wins over the file, and the file over pyproject.toml."""
    table = _table(config) if config else {}
    given = child_environment({})
    variables = {setting.name: setting.variables for setting in SETTINGS}
    free = {name: value for name, value in table.items() if not any(map(given.get, variables.get(name, ())))}
    if service:
        free["service_name"] = service
    try:
        return read_settings(**free)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{config}: {error}" if config and table.keys() & free.keys() else str(error)
        ) from None


def _table(config: Path) -> dict[str, Any]:
    """Read the file; its paths are relative to it.

    Raises:
        ConfigurationError: It cannot be read, or is no table.
    """
    try:
        text = config.read_text()
        if config.suffix == ".json":
            table = json.loads(text)
        else:
            import tomllib

            table = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--config {config}: {error}; name a TOML or JSON file") from None
    if not isinstance(table, dict):
        raise ConfigurationError(f"--config {config}: is no table; write keys as below [tool.telemetry]")
    table = table.get("tool", {}).get("telemetry", {}) if "tool" in table else table
    return {name: _absolute(config, value) if name in _PATHS else value for name, value in table.items()}


def _absolute(config: Path, value: Any) -> Any:
    if isinstance(value, str):
        return str(config.absolute().parent / value)
    return [_absolute(config, each) for each in value] if isinstance(value, list) else value


def _check(settings: Settings) -> None:
    """Find what is wrong with the targets before the program starts."""
    from telemetry.contracts import load_registry
    from telemetry.instrument import check_targets, targets_of

    targets = targets_of(settings.targets)
    ambient = [name for name in _AMBIENT if getattr(settings, name)]
    check_targets(targets, load_registry(*settings.registry), ambient)


def _service(settings: Settings, command: Sequence[str]) -> str:
    """Name the service as the settings do, else as the program is called: the script, or the module after `-m`."""
    if names_service(settings):
        return settings.service_name
    program, *arguments = command
    if not Path(program).name.startswith("python"):
        return Path(program).name
    words = iter(arguments)
    for word in words:
        if word == "-m":
            return next(words, "python")
        if word == "-c":
            break
        if not word.startswith("-"):
            return Path(word).stem
    return "python"


def _environment(settings: Settings, service: str) -> dict[str, str]:
    """Write the settings as variables: a child in another folder would find another pyproject.toml, or none."""
    path = child_environment({}).get("PYTHONPATH")
    return child_environment(
        {
            "TELEMETRY_PATCH_STDLIB": "true",
            **_variables(settings),
            "OTEL_SERVICE_NAME": service,
            "PYTHONPATH": f"{_BOOT}{os.pathsep}{path}" if path else str(_BOOT),
            LAUNCHER: f"{os.getpid()}:{_unused_file()}",
        }
    )


def _unused_file() -> Path:
    """Name a file that the program will make, if it is Python, and remove when it ends."""
    from tempfile import gettempdir

    return Path(gettempdir(), f"telemetry-run-{os.urandom(8).hex()}")


def _variables(settings: Settings) -> dict[str, str]:
    default = Settings()
    found = {}
    for setting in SETTINGS:
        name = setting.name
        holder, usual = (settings.limits, default.limits) if name.startswith("limits_") else (settings, default)
        value = getattr(holder, name.removeprefix("limits_"))
        if value != getattr(usual, name.removeprefix("limits_")):
            found[setting.variables[0]] = _text(name, value)
    return found


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if name == "resource_attributes":
        return ",".join(f"{quote(key)}={quote(text)}" for key, text in value.items())
    if isinstance(value, Mapping):
        return ",".join(f"{key}={each}" for key, each in value.items())
    if name in ("targets", "sampling_rules"):
        return json.dumps([_plain(each) for each in value])
    if isinstance(value, tuple):
        return (os.pathsep if name == "registry" else ",").join(map(str, value)) or "none"
    return str(value)


def _plain(value: Any) -> dict[str, Any]:
    from dataclasses import asdict, is_dataclass

    table = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return {name: each for name, each in table.items() if each is not None}


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become the program; nothing of this process is left."""
    try:
        os.execvpe(command[0], [*command], environment)  # noqa: S606 -- the user's command, never through a shell
    except OSError as error:
        typer.secho(f"telemetry: cannot run {command[0]!r}: {error.strerror}", err=True)
        raise typer.Exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE) from None
