"""What a PromQL expression selects, how, and by which labels; and Grafana's macros in it."""

from .expression import Expression, Grouping, PromQLError, Selection, Step, read_expression
from .macros import STANDIN, expand, variables

__all__ = (
    "STANDIN",
    "Expression",
    "Grouping",
    "PromQLError",
    "Selection",
    "Step",
    "expand",
    "read_expression",
    "variables",
)
