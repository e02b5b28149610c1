"""What a command wrote before: the file that it holds against what it would write now."""

from __future__ import annotations

from pathlib import Path

from telemetry.cli.folders import refuse


def read_written(path: Path) -> str:
    """Give what a file holds; nothing where there is none, and exit code 2 where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"--output {path}: cannot be read: {error}")
