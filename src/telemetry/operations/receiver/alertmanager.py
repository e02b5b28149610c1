"""Alertmanager's API, version 2, as far as acknowledging needs it: silences, and what fires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, final

import httpx

from .clock import now_ms, read_time, written

_TIMEOUT_SECONDS: Final = 10.0
_OURS: Final = "telemetry:"


class UnreachableError(Exception):
    """Alertmanager did not answer, or could not just now; asking again later may help."""


class RefusedError(Exception):
    """Alertmanager will not do what it was asked."""


@final
class Alertmanager:
    """One Alertmanager, or the address of a cluster of them."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/v2", headers=dict(headers), timeout=_TIMEOUT_SECONDS, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def silence(self, row: Mapping[str, Any]) -> str:
        """Make the silence of a row; give its id. One that an earlier request made is found again.

        Raises:
            UnreachableError: There is no answer.
            RefusedError: It will not have it.
        """
        if row["attempts"] and (found := self._made_before(row["mark"])):
            return found
        body = {
            "matchers": json.loads(row["matchers"]),
            "startsAt": written(max(row["starts_at"], now_ms())),
            "endsAt": written(row["ends_at"]),
            "createdBy": row["created_by"],
            "comment": f"{row['comment']} [{_OURS}{row['mark']}]",
        }
        return str(self._ask("POST", "/silences", json=body)["silenceID"])

    def unsilence(self, row: Mapping[str, Any]) -> None:
        """Take the silence of a row away; one that is gone already is well.

        Raises:
            UnreachableError: There is no answer.
            RefusedError: It will not take it away.
        """
        known = row["alertmanager_id"] or self._made_before(row["mark"])
        if not known or self._state(known) in ("expired", "gone"):
            return
        self._ask("DELETE", f"/silence/{known}")

    def firing(self) -> set[str]:
        """Give the fingerprints of all alerts that it knows and that have not ended, silenced ones too.

        Raises:
            UnreachableError: There is no answer.
            RefusedError: It will not tell.
        """
        found = self._ask("GET", "/alerts", params={"active": "true", "silenced": "true", "inhibited": "true"})
        return {str(each["fingerprint"]) for each in found}

    def up_ms(self) -> int:
        """Tell for how long it has been up.

        Raises:
            UnreachableError: There is no answer.
            RefusedError: It will not tell.
        """
        try:
            return now_ms() - read_time(str(self._ask("GET", "/status")["uptime"]))
        except (KeyError, TypeError, ValueError):
            raise UnreachableError("its status does not say since when it is up") from None

    def _made_before(self, mark: str) -> str | None:
        ours = f"[{_OURS}{mark}]"
        found = (each for each in self._ask("GET", "/silences") if ours in each.get("comment", ""))
        return next((str(each["id"]) for each in found if each["status"]["state"] != "expired"), None)

    def _state(self, silence_id: str) -> str:
        try:
            return str(self._ask("GET", f"/silence/{silence_id}")["status"]["state"])
        except RefusedError as error:
            if "404" in str(error):
                return "gone"
            raise

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{type(error).__name__}: {error}"[:200]) from None
        said = f"{answer.status_code} {answer.text.strip()[:160]}"
        if answer.status_code >= 500 or answer.status_code in (408, 429):
            raise UnreachableError(said)
        if answer.status_code >= 300:
            raise RefusedError(said)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise UnreachableError(f"its answer is not JSON: {said}") from None
