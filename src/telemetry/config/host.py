"""What the host of a run says of itself: whether it is GitHub Actions, and where it takes a summary."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class GitHubStep:
    """A step of a workflow.

    Attributes:
        summary: The file that takes Markdown for the page of the run; empty where there is none.
        workspace: The folder of the checkout, from which annotations count; empty where it is not known.
    """

    summary: str
    workspace: str


def github_step() -> GitHubStep | None:
    """Give the step of GitHub Actions that this process is part of; None elsewhere (GitHub, "Default variables")."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return None
    return GitHubStep(os.environ.get("GITHUB_STEP_SUMMARY", ""), os.environ.get("GITHUB_WORKSPACE", ""))
