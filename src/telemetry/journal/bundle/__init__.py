"""Offline bundles: journals, contracts, hashes and logs in one archive with checksums and a signature."""

from __future__ import annotations

from .archive import Limits
from .bundle import Bundle, Recording
from .manifest import Manifest, Member, Process
from .packing import Selection, pack
from .secrets import Redaction
from .signature import fingerprint, open_key, public_text, read_public_key
from .verification import Verification, verify

__all__ = (
    "Bundle",
    "Limits",
    "Manifest",
    "Member",
    "Process",
    "Recording",
    "Redaction",
    "Selection",
    "Verification",
    "fingerprint",
    "open_key",
    "pack",
    "public_text",
    "read_public_key",
    "verify",
)
