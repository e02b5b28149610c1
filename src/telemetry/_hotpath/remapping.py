"""Puts other memory in the place of a mapping, at the same addresses.

A forked child needs that: whatever points there goes on, and writes into memory of its own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap

_MAP_SHARED, _MAP_PRIVATE, _MAP_FIXED, _MAP_ANONYMOUS, _MAP_NORESERVE = 0x01, 0x02, 0x10, 0x20, 0x4000


def remap(memory: mmap, descriptor: int, size: int) -> bool:
    """Map a file over `memory`, or with -1 fresh memory; tell whether that was done."""
    import ctypes
    import mmap as constants

    call = ctypes.CDLL(None, use_errno=True).mmap
    call.restype = ctypes.c_void_p
    call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    access = constants.PROT_READ | constants.PROT_WRITE
    kind = _MAP_SHARED if descriptor >= 0 else _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE
    done: int | None = call(address, size, access, kind | _MAP_FIXED, descriptor, 0)
    return done == address
