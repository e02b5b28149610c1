"""`telemetry run -- CMD`: run a program with the functions instrumented that are listed as targets.

This process becomes the program (`execvp`), so that its status, signals, streams and arguments are its own. What makes
its interpreters start us is in the environment: a folder on PYTHONPATH, and the settings.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from telemetry.config import SETTINGS, Setting, Settings, child_environment, read_settings
from telemetry.errors import ConfigurationError, ContractError

from .folders import names_service, refuse
from .handover import variables
from .launch import LAUNCHER

_BOOT: Final = Path(__file__).absolute().with_name("boot")
_PATHS: Final = {
    setting.name: setting for setting in SETTINGS if setting.name in ("registry", "journal", "hash_key_file")
}
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_PATCH: Final = "TELEMETRY_PATCH_STDLIB"
_OPTION: Final = re.compile(r"-[^-mcWX]*([mcWX])(.*)", re.DOTALL)
"""Options of the interpreter that end its own words, or take one; those without may stand before, as in `-um`."""


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
    if not command[0]:
        refuse("the program's name is empty; write `telemetry run -- PROGRAM`")
    try:
        table = _table(config) if config else {}
        settings = _settings(table, config, service)
        _check(settings)
        environment = _environment(settings, service or _service(settings, command), {*table, *_project_names()})
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))
    _become(command, environment)


def _settings(table: Mapping[str, Any], config: Path | None, service: str | None) -> Settings:
    """Read the settings; the environment wins over the file, and the file over pyproject.toml."""
    given = child_environment({})
    read_from = {setting.name: setting.variables for setting in SETTINGS}
    free = {name: value for name, value in table.items() if not any(map(given.get, read_from.get(name, ())))}
    if service:
        free["service_name"] = service
    try:
        return read_settings(**free)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{config}: {error}" if config and table.keys() & free.keys() else str(error)
        ) from None


def _table(config: Path) -> dict[str, Any]:
    """Read the file; its paths are relative to it, and what is empty counts as not set.

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
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"--config {config}: {error}; name a TOML or JSON file") from None
    for key in ("tool", "telemetry") if isinstance(table, dict) and "tool" in table else ():
        table = table.get(key, {}) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise ConfigurationError(f"--config {config}: is no table; write keys as below [tool.telemetry]")
    # `read_settings` has parameters of its own, which are no settings.
    if misplaced := sorted(table.keys() & {"environ", "directory"}):
        raise ConfigurationError(f"--config {config}: {misplaced[0]!r} is no setting; leave it out")
    folder = config.absolute().parent
    found = {name: value for name, value in table.items() if value is not None and value != ""}
    return {name: _absolute(folder, _PATHS[name], value) if name in _PATHS else value for name, value in found.items()}


def _absolute(folder: Path, setting: Setting, value: Any) -> Any:
    """Give paths in full, and a word that means none as False; what is wrong is so also where a variable wins."""
    try:
        found: Any = setting.read(value)
    except ValueError as error:
        raise ConfigurationError(f"--config: {setting.name}={value!r}: {error}; correct it, or leave it out") from None
    if isinstance(found, tuple):
        return [str(folder / each) for each in found]
    return found and str(folder / found)


def _project_names() -> Iterable[str]:
    """Name what the pyproject.toml sets that was read; a child elsewhere may find another one."""
    try:
        folder = Path.cwd()
        found = (each / "pyproject.toml" for each in (folder, *folder.parents))
        return next((_table(file) for file in found if file.is_file()), ())
    except (OSError, ConfigurationError):
        return ()


def _check(settings: Settings) -> None:
    """Find what is wrong with the targets before the program starts."""
    from telemetry.contracts import AMBIENT_LABELS, load_registry
    from telemetry.instrument import check_targets, targets_of

    targets = targets_of(settings.targets)
    ambient = [label for label in AMBIENT_LABELS if label == "env" or getattr(settings, label)]
    check_targets(targets, load_registry(*settings.registry), ambient)


def _service(settings: Settings, command: Sequence[str]) -> str:
    """Name the service as the settings do, else as the program is called: the script, or the module after `-m`."""
    if names_service(settings):
        return settings.service_name
    program, *arguments = command
    name = Path(program).name
    return (_script(arguments) if name.startswith("python") else name) or "python"


def _script(arguments: Iterable[str]) -> str:
    """Name what an interpreter runs; empty for code that has no name."""
    words = iter(arguments)
    for word in words:
        if word == "-":
            break
        if not word.startswith("-"):
            return Path(word).stem
        option, attached = found.groups() if (found := _OPTION.fullmatch(word)) else ("", "")
        if option == "c":
            break
        takes_next = (option and not attached) or word == "--check-hash-based-pycs"
        value = next(words, "") if takes_next else attached
        if option == "m":
            return value
    return ""


def _environment(settings: Settings, service: str, chosen: set[str]) -> dict[str, str]:
    """Give the program its environment: the settings as variables, and the folder that starts us."""
    given = child_environment({})
    path = given.get("PYTHONPATH")
    # What we import, a file of that name beside the program cannot be any more: without targets we do not start.
    boot = {"PYTHONPATH": f"{_BOOT}{os.pathsep}{path}" if path else str(_BOOT)} if settings.targets else {}
    is_chosen = "patch_stdlib" in chosen or given.get(_PATCH, "").strip()
    return child_environment(
        {
            **({} if is_chosen else {_PATCH: "true"}),
            **variables(settings, chosen),
            "OTEL_SERVICE_NAME": service,
            **boot,
            LAUNCHER: f"{os.getpid()}:{_unused_file()}",
        }
    )


def _unused_file() -> Path:
    """Name a file that the program will make, if it is Python, and remove when it ends."""
    from tempfile import gettempdir

    return Path(gettempdir(), f"telemetry-run-{os.urandom(8).hex()}")


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become the program; nothing of this process is left."""
    try:
        os.execvpe(command[0], [*command], environment)  # noqa: S606 -- the user's command, never through a shell
    except OSError as error:
        typer.secho(f"telemetry: cannot run {command[0]!r}: {error.strerror}", err=True)
        raise typer.Exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE) from None
