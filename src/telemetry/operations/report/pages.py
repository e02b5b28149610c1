"""Write a report: Markdown from a template, from that HTML, and from that PDF."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

from telemetry.errors import ConfigurationError

from .figures import Chapter, Report

_MOST_LINES: Final = 8
_PANGO: Final = "libpango-1.0-0 libpangoft2-1.0-0"


def as_markdown(report: Report) -> str:
    """Write it as Markdown; equal reports give equal bytes."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 -- it is Markdown; HTML is escaped below
    environment.filters.update(number=number, moment=moment, cell=_cell)
    return environment.from_string(_template("report.md.jinja")).render(report=report) + "\n"


def as_html(report: Report) -> str:
    """Write it as one HTML file, with its plots."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(as_markdown(report))
    for chapter in report.chapters:
        heading = f"<h2>{chapter.contract.name}</h2>"
        body = body.replace(heading, f"{heading}\n<figure>{_plot(chapter)}</figure>" if chapter.figures else heading, 1)
    page = _template("page.html")
    return (
        page.replace("{title}", report.profile.title).replace("{style}", _template("page.css")).replace("{body}", body)
    )


def as_pdf(report: Report) -> bytes:
    """Write it as PDF; with SOURCE_DATE_EPOCH set, equal reports give equal bytes.

    Raises:
        ConfigurationError: The system lacks Pango.
    """
    content: bytes = _weasyprint().HTML(string=as_html(report), url_fetcher=_refuse).write_pdf()
    return content


def _weasyprint() -> Any:
    try:
        with redirect_stdout(io.StringIO()):  # it prints advice of its own, into what a program may read
            return import_module("weasyprint")
    except OSError as error:
        raise ConfigurationError(f"a PDF needs Pango of the system: apt-get install {_PANGO} ({error})") from error


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"{url}: a report loads nothing")


@cache
def _template(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def number(value: float) -> str:
    """Write a number for people, in four digits or whole."""
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def moment(at_s: float) -> str:
    """Write a time for people, in UTC."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"


def _cell(text: str) -> str:
    return "".join(f"\\{each}" if each in "\\`*_[]<>|&#!~" else each for each in " ".join(text.split()))


def _plot(chapter: Chapter) -> str:
    from matplotlib import rc_context
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure as Canvas

    with rc_context({"svg.hashsalt": chapter.contract.name, "svg.fonttype": "path", "font.size": 8}):
        canvas = Canvas(figsize=(7.2, 2.1), layout="constrained")
        axes = canvas.subplots()
        for each in chapter.figures[:_MOST_LINES]:
            times: Any = [datetime.fromtimestamp(at_s, UTC) for at_s, _ in each.points]
            axes.plot(times, each.values, linewidth=1.2, label=each.labels[:60].replace("$", r"\$"))
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes.set_ylabel(chapter.contract.unit)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
        axes.legend(fontsize=6, frameon=False, loc="best")
        written = io.StringIO()
        canvas.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()[written.getvalue().index("<svg") :]
