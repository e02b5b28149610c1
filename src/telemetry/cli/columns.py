"""Write rows in columns: with rich at a terminal, as plain aligned text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import chain

import typer


def show_columns(heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0) -> None:
    """Write rows below their heads, numbers to the right; the first `left` columns and the last are text."""
    from telemetry.export.console import printable

    clean = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _show_rich(heads, clean, left)
        return
    widths = [max(map(len, column)) for column in zip(heads, *clean, strict=True)]
    for row in chain([heads], clean):
        cells = map(_padded, row, widths, (_is_text(index, row, left) for index in range(len(row))))
        typer.echo("  ".join(cells).rstrip())


def _padded(cell: str, width: int, is_text: bool) -> str:
    return f"{cell:<{width}}" if is_text else f"{cell:>{width}}"


def _show_rich(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if _is_text(index, heads, left) else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


def _is_text(index: int, row: Sequence[str], left: int) -> bool:
    return index < left or index == len(row) - 1
