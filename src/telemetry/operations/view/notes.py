"""What a source knows of a process beside its records: state, ledger, places of open spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of the process that documents come from; all empty for a file of documents.

    Attributes:
        source: The file or member that it comes from; two sources are two processes, whatever they say of themselves.
        service: The name of its service, for one that did not live long enough to say who it is.
        pid: Its number, likewise.
        places: Function, file and line of its open spans, by their id in hex.
    """

    source: str = ""
    service: str = ""
    pid: str = ""
    state: str = ""
    ledger: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
