"""Read registries from files, from folders, and from the history that git keeps of both."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from telemetry.contracts import Registry, load_edition
from telemetry.errors import ContractError

_TIMEOUT_SECONDS: Final = 60


def registry_of(source: str) -> Registry:
    """Load a registry from a file, a folder, or a git revision.

    Args:
        source: A file; a folder, for all `*.json` files in it; or `REVISION:PATH` as git has it, of either.

    Raises:
        ContractError: There is no such thing, or it is no registry.
    """
    path = Path(source)
    if path.exists():
        return load_edition(*_files(path))
    revision, colon, inner = source.partition(":")
    if not colon:
        raise ContractError(f"{source}: there is no such file or folder; for one of a revision write REVISION:PATH")
    return _historic(Path(), revision, inner)


def registry_of_revision(revision: str, path: Path) -> Registry:
    """Load what a file or folder of the working tree was in a revision; an empty registry where it was not there yet.

    Raises:
        ContractError: There is no such revision, or it is no registry.
    """
    place = path.absolute()
    _git(place.parent, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if not _git(place.parent, "ls-tree", "-z", "--end-of-options", revision, f"./{place.name}"):
        return Registry()
    return _historic(place.parent, revision, f"./{place.name}")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.glob("*.json") if _is_registry(each.name))
    if not found:
        raise ContractError(f"{path}: there is no registry in this folder; its files end in '.json'")
    return found


def _is_registry(name: str) -> bool:
    return name.endswith(".json") and not name.endswith(".schema.json")


def _historic(folder: Path, revision: str, inner: str) -> Registry:
    """Load from a copy; what is wrong is told of the revision."""
    with TemporaryDirectory(prefix="telemetry-") as copy:
        for name in _names(folder, revision, inner):
            content = _git(folder, "show", "--end-of-options", f"{revision}:{name}")
            (Path(copy) / Path(name).name).write_bytes(content)
        try:
            return load_edition(*_files(Path(copy)))
        except ContractError as error:
            where = str(Path(inner).parent if Path(inner).suffix else Path(inner))
            raise ContractError(*(each.replace(copy, f"{revision}:{where}") for each in error.findings)) from error


def _names(folder: Path, revision: str, inner: str) -> list[str]:
    kind = _git(folder, "cat-file", "-t", "--end-of-options", f"{revision}:{inner}").decode().strip()
    if kind != "tree":
        return [inner]
    listed = _git(
        folder, "ls-tree", "-z", "--full-tree", "--name-only", "--end-of-options", f"{revision}:{inner}"
    ).decode()
    return [f"{inner.rstrip('/')}/{name}" for name in listed.split("\0") if _is_registry(name)]


def _git(folder: Path, *arguments: str) -> bytes:
    """Run git in a folder and give what it writes."""
    try:
        return subprocess.run(
            ["git", "--no-pager", *arguments],  # noqa: S607 - the user's own git, as any tool of a repository
            cwd=folder,
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_SECONDS,
        ).stdout
    except FileNotFoundError as error:
        raise ContractError(f"revisions need git in PATH, and a folder {folder} to run it in: {error}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or "there is no such revision"
        raise ContractError(f"{arguments[-1]}: git does not know it: {said}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ContractError(f"{arguments[-1]}: git cannot be asked: {error}") from error
