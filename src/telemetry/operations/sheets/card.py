"""The card of one panel on a sheet: where it is, its title, and room for what is drawn in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from .answers import Answer
from .dashboard import Panel
from .palette import CARD, EDGE, FAINT, INK
from .units import name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE_INCHES: Final = 0.27
_INCHES_A_CHARACTER: Final = 0.077


@final
@dataclass(frozen=True, slots=True)
class Card:
    """A rectangle of a sheet, in inches from the lower left corner.

    Attributes:
        answers: What the store said to the queries of its panel.
    """

    figure: Figure
    panel: Panel
    answers: tuple[Answer, ...]
    left: float
    bottom: float
    width: float
    height: float

    @property
    def points(self) -> bool:
        """Whether there is anything to draw."""
        return any(answer.series for answer in self.answers)

    def frame(self) -> None:
        """Draw the card with its title and unit."""
        from matplotlib.patches import FancyBboxPatch

        axes = self.axes(0, 0, 0, 0, whole=True)
        box = FancyBboxPatch((0, 0), 1, 1, boxstyle="square,pad=0", fc=CARD, ec=EDGE, lw=1.2, transform=axes.transAxes)
        axes.add_patch(box)
        axes.set_axis_off()
        unit = name_of(self.panel.unit) if self.panel.queries and self.points else ""
        room = self.width - 0.2 - (len(unit) * 0.07 if unit else 0)
        title = shortened(self.panel.title, int(room / _INCHES_A_CHARACTER))
        self.write(0.1, self.height - 0.19, title, size=8.5, weight="bold")
        if unit and len(unit) < 24 and room > 1:
            self.write(self.width - 0.1, self.height - 0.19, unit, size=7, colour=FAINT, ha="right")

    def axes(self, left: float, bottom: float, right: float, top: float, *, whole: bool = False) -> Axes:
        """Make axes with so many inches left free on each side; below the title, unless it is the whole card."""
        width, height = self.figure.get_size_inches()
        top += 0 if whole else _TITLE_INCHES
        inner = max(self.width - left - right, 0.1), max(self.height - bottom - top, 0.1)
        place = (self.left + left) / width, (self.bottom + bottom) / height, inner[0] / width, inner[1] / height
        return self.figure.add_axes(place)

    def write(self, x: float, y: float, text: str, *, size: float, colour: str = INK, **style: Any) -> None:
        """Write a text at a place of the card, in inches; nothing in it is a formula."""
        width, height = self.figure.get_size_inches()
        place = (self.left + x) / width, (self.bottom + y) / height
        self.figure.text(*place, text, fontsize=size, color=colour, va="center", parse_math=False, **style)


def shortened(text: str, characters: int) -> str:
    """Cut a text that is too long for its place."""
    return text if len(text) <= max(characters, 3) else text[: max(characters, 3) - 1] + "…"
