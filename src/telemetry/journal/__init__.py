"""The journal: what a process has recorded, in memory that outlives it."""

from telemetry.door import deferred as _deferred

from .file import JournalFile
from .folder import DEAD_NAME, FOLDING, GATEWAY, LOCK_NAME, Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .adoption import Adoption, Ward
    from .batches import Batch
    from .dead import Dead, read_dead, set_aside, write_dead
    from .ledger import NOBODY, Ledger, balance, of_counts
    from .liveness import is_gone
    from .memory import FileMemory, OwnMemory
    from .parcels import Send, Shipment
    from .reader import Reader, open_journal, readers, unreadable
    from .recovery import Recovery, Stage, closed_spans, recover
    from .shipper import Shipper
    from .state import State, state_of
    from .verdict import Again, Refused, Taken, TooLarge, Verdict
else:
    __getattr__ = _deferred(
        __name__,
        adoption="Adoption Ward",
        batches="Batch",
        dead="Dead read_dead set_aside write_dead",
        ledger="NOBODY Ledger balance of_counts",
        liveness="is_gone",
        memory="FileMemory OwnMemory",
        parcels="Send Shipment",
        reader="Reader open_journal readers unreadable",
        recovery="Recovery Stage closed_spans recover",
        shipper="Shipper",
        state="State state_of",
        verdict="Again Refused Taken TooLarge Verdict",
    )

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
    "JournalFile",
    "Ledger",
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
