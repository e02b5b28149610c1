"""Generated trees for tests, with the descriptions of a user where a test has some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from telemetry.contracts import OWN_PACK, Registry, load_registry, shipped_packs
from telemetry.monitoring import Descriptions, generate, read_descriptions


def everything() -> Registry:
    """Load all packs."""
    return load_registry(packs=[*shipped_packs(), OWN_PACK])


def described(folder: Path, **files: str) -> Descriptions:
    """Read the shipped descriptions, and files of a user: `alerts_ours` is `alerts/ours.toml`."""
    for name, text in files.items():
        path = folder / f"{name.replace('_', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_descriptions(everything(), [folder] if files else [])


def write_tree(folder: Path, descriptions: Descriptions) -> Path:
    """Write all generated files into a folder."""
    for name, text in generate(everything(), descriptions).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def loaded(tree: Path, name: str) -> Any:
    """Read one generated YAML file."""
    return yaml.safe_load((tree / name).read_text(encoding="utf-8"))


def rules_of(tree: Path, alert: str) -> list[Any]:
    """Give the rules of one alert."""
    files = sorted((tree / "rules").glob("*.yml"))
    groups = [group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if rule.get("alert") == alert]
