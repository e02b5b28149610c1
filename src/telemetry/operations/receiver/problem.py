"""What a client is told when a request cannot be served: problem details for HTTP APIs (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, final


@final
class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request cannot be served.

    Attributes:
        status: The HTTP status.
        detail: What was wrong, where, and what to do.
        reason: One word for the count of refusals.
        pointer: The place in the body, as a JSON pointer (RFC 6901); empty where there is none.
        headers: What the answer says besides.
    """

    def __init__(
        self, status: int, detail: str, *, reason: str, pointer: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reason = reason
        self.pointer = pointer
        self.headers = headers or {}

    def document(self) -> dict[str, Any]:
        """Give the body of the answer."""
        told = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
        }
        return {**told, "pointer": self.pointer} if self.pointer else told


def wrong(detail: str, pointer: str = "") -> Problem:
    """Give the problem of content that does not have the agreed form."""
    return Problem(422, detail, reason="content", pointer=pointer)


def missing(what: str) -> Problem:
    """Give the problem of something that is not there."""
    return Problem(404, f"there is no {what}", reason="missing")
