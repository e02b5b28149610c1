"""A process that begins empty records as the one that sent it something does, unless it decides for itself."""

from __future__ import annotations

import json
from typing import Any

from .trails import ran


def sides(case: str, **variables: str) -> tuple[list[Any], list[Any], str]:
    """Run a case; give what records here and in the child, and what was said."""
    done = ran("revived", case, **variables)
    assert done.returncode == 0, done.stderr
    here, there = json.loads(done.stdout)
    return here, there, done.stderr


def test_a_child_records_into_the_run_of_its_parent() -> None:
    """Service, run and trace are the same, and configuring once more with equal settings changes nothing."""
    here, there, said = sides("alike")
    assert (there, said) == (here, "")


def test_a_child_that_configures_itself_has_its_own_settings() -> None:
    """What it asks for counts, and is no contradiction; it stays in the trace."""
    here, there, said = sides("own")
    assert (there[0], there[3], said) == ("other", here[3], "")
    assert there[1] != here[1]


def test_the_scrape_port_stays_with_the_parent() -> None:
    """The child does not listen, where there would be one port for both."""
    here, there, said = sides("port")
    assert here[2] > 0
    assert (there[2], there[:2], said) == (None, here[:2], "")


def test_what_cannot_travel_stays_here() -> None:
    """A sampler that does not pickle hinders nobody: the child records without it."""
    here, there, said = sides("unpicklable")
    assert (there, said) == (here, "")


def test_a_child_that_cannot_record_works_on_and_says_so_once() -> None:
    """The function runs, and has the context all the same."""
    here, there, said = sides("broken")
    assert there == [None, None, None, here[3]]
    assert said.startswith("telemetry: nothing is recorded in this child process: ")
    assert said.count("\n") == 1


def test_a_disabled_parent_sends_no_equipment() -> None:
    """The child is as it would be without, and nothing is current in it."""
    here, there, said = sides("nothing", OTEL_SDK_DISABLED="true")
    assert (here[0], here[3]) == ("revived", None)
    assert (there, said) == ([None, None, None, None], "")
