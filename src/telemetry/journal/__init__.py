"""The journal: what a process has recorded, in memory that outlives it."""

from __future__ import annotations

from .adoption import Adoption, Ward
from .batches import Batch
from .dead import DEAD_NAME, Dead, read_dead, set_aside, write_dead
from .file import JournalFile
from .folder import FOLDING, GATEWAY, LOCK_NAME, Folder
from .ledger import NOBODY, Ledger, balance, of_counts
from .liveness import is_gone
from .memory import FileMemory, Memory, OwnMemory
from .parcels import Send, Shipment
from .reader import Identity, Reader, open_journal, readers, unreadable
from .recover import Recovery, Stage, closed_spans, recover
from .shipper import Shipper
from .state import State, state_of
from .verdict import Again, Refused, Taken, TooLarge, Verdict

__all__ = (
    "DEAD_NAME",
    "FOLDING",
    "GATEWAY",
    "LOCK_NAME",
    "NOBODY",
    "Adoption",
    "Again",
    "Batch",
    "Dead",
    "FileMemory",
    "Folder",
    "Identity",
    "JournalFile",
    "Ledger",
    "Memory",
    "OwnMemory",
    "Reader",
    "Recovery",
    "Refused",
    "Send",
    "Shipment",
    "Shipper",
    "Stage",
    "State",
    "Taken",
    "TooLarge",
    "Verdict",
    "Ward",
    "balance",
    "closed_spans",
    "is_gone",
    "of_counts",
    "open_journal",
    "read_dead",
    "readers",
    "recover",
    "set_aside",
    "state_of",
    "unreadable",
    "write_dead",
)
