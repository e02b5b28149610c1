"""A finished run of the test generator as Prometheus text: summary, checklist, observations."""

from __future__ import annotations

from .document import DOCUMENTS, RunDocument, SummaryError, read_document, schema_of
from .exposition import write_textfile
from .figures import Family, families

__all__ = (
    "DOCUMENTS",
    "Family",
    "RunDocument",
    "SummaryError",
    "families",
    "read_document",
    "schema_of",
    "write_textfile",
)
