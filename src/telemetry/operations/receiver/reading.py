"""Reads what a request carries, in the form that its route declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from .body import MOST_BYTES, check_text, read_json
from .problem import Problem, missing, wrong
from .route import Parameter, Route
from .schemas import Schema

_JSON: Final = "application/json"
_VALIDATORS: Final[dict[int, Any]] = {}


async def read_body(request: Request, route: Route) -> Any:
    """Read the body of a request: bytes where the route checks them, else JSON that fits its schema.

    Raises:
        Problem: It is of another type, too large, or does not fit.
    """
    if route.body is None:
        return None
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said != _JSON:
        raise Problem(415, f"the body is {said[:60] or 'of no type'}; send {_JSON}", reason="media_type")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "the body is compressed; send it as it is", reason="media_type")
    body = await _bytes(request)
    if route.reads_bytes:
        return body
    value = read_json(body)
    _check(value, route.body)
    return value


def read_values(route: Route, path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Read the parameters of a request.

    Raises:
        Problem: One is unknown, or does not fit.
    """
    if unknown := sorted(set(query) - {each.name for each in route.parameters if not each.is_in_path}):
        raise wrong(f"there is no parameter {unknown[0][:60]!r} here")
    found: dict[str, Any] = {}
    for each in route.parameters:
        text = path.get(each.name) if each.is_in_path else query.get(each.name)
        if text is not None:
            found[each.name] = _value(each, str(text))
        elif "default" in each.schema:
            found[each.name] = each.schema["default"]
    return found


async def _bytes(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    parts: list[bytes] = []
    left = MOST_BYTES
    if announced.isdecimal() and int(announced[:20]) > left:
        raise _too_large()
    try:
        async for part in request.stream():
            left -= len(part)
            if left < 0:
                raise _too_large()
            parts.append(part)
    except ClientDisconnect:
        raise Problem(400, "the body ended before its end", reason="cut_off") from None
    return b"".join(parts)


def _value(parameter: Parameter, text: str) -> Any:
    check_text(text)
    value: Any = text
    if parameter.schema["type"] == "integer":
        digits = text.removeprefix("-")
        value = int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else text
    try:
        _check(value, parameter.schema)
    except Problem as error:
        if parameter.is_in_path:
            raise missing(f"{parameter.name} {text[:40]!r}") from None
        raise wrong(f"?{parameter.name}: {error.detail}") from None
    return value


def _check(value: Any, schema: Schema) -> None:
    from jsonschema.exceptions import best_match

    error = best_match(_validator(schema).iter_errors(value))
    if error is not None:
        raise wrong(error.message[:300], "".join(f"/{each}" for each in error.absolute_path))


def _validator(schema: Schema) -> Any:
    """Give the validator of a schema; those of the routes live as long as the process."""
    from jsonschema import Draft202012Validator

    known = _VALIDATORS.get(id(schema))
    return known or _VALIDATORS.setdefault(id(schema), Draft202012Validator(schema))


def _too_large() -> Problem:
    return Problem(413, f"the body is larger than {MOST_BYTES} bytes", reason="size")
