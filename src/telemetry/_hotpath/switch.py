"""The one switch of a process: what records, and the recorder that it records into.

Whatever records (a decorated function, a named span, a metric handle) registers here once and is dormant until a
recorder is put in; then it is attached, and again whenever another one takes over. Dormant recording costs nothing
but the call through the wrapper.
"""

from __future__ import annotations

from _thread import RLock
from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_recorder: Any = None
_members: dict[int, ref[Any]] = {}
_lock = RLock()


def register(member: Any) -> None:
    """Take in something with `_telemetry_attach(recorder)`; None as the recorder detaches it.

    Raises:
        ContractError: A recorder is in, and its registry does not allow what the member records.
    """
    with _lock:
        key = id(member)
        if _recorder is not None:
            member._telemetry_attach(_recorder)
        _members[key] = ref(member, lambda _: _members.pop(key, None))


def members() -> Iterator[Any]:
    """Give all living members, in the order of their making."""
    for reference in list(_members.values()):
        member = reference()
        if member is not None:
            yield member


def recorder() -> Any:
    """Give the recorder that is in; None while everything is dormant."""
    return _recorder


def held() -> RLock:
    """Give the lock under which members are attached: a member that changes itself takes it too."""
    return _lock


def put_in(new: Any) -> list[Exception]:
    """Attach every member to another recorder, or with None to none; give what members raised.

    All members are tried, so that one look shows every breach of the contracts.
    """
    global _recorder  # noqa: PLW0603 -- there is one switch in a process, and this is it
    failures = []
    with _lock:
        _recorder = new
        for member in members():
            try:
                member._telemetry_attach(new)
            except Exception as error:  # noqa: BLE001 -- they are given back
                failures.append(error)
    return failures


def restart() -> None:
    """Make the lock anew, in a forked child: a thread that is not there may hold it."""
    global _lock  # noqa: PLW0603 -- as above
    _lock = RLock()
