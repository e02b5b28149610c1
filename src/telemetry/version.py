"""The version of this distribution, looked up when somebody asks."""

from __future__ import annotations


def version() -> str:
    """Give the installed version; `0` when the package runs from a tree that was never installed."""
    from importlib import metadata

    try:
        return metadata.version("telemetry")
    except metadata.PackageNotFoundError:
        return "0"
