"""What one address of the API takes and gives: router, checks and description are made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

from .schemas import Schema
from .service import Service
from .tokens import Person, Role


@final
@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in the address."""

    name: str
    schema: Schema
    summary: str
    is_in_path: bool = False


@final
@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in, and whose values have the agreed form.

    Attributes:
        service: What a handler works with.
        person: Who asks.
        values: The parameters, those with a default always.
        body: The JSON that was sent; bytes where the route reads them itself.
        cookie: The value of the session's cookie; empty without one.
    """

    service: Service
    person: Person
    values: Mapping[str, Any]
    body: Any
    cookie: str


Handler = Callable[[Call], Awaitable[Any]]


@final
@dataclass(frozen=True, slots=True)
class Route:
    """An address with a method.

    Attributes:
        handler: Gives what is answered: JSON, or a response of its own.
        role: Who may.
        body: The schema of what is sent; None where nothing is.
        reads_bytes: The handler checks the body itself.
        answer: The name of the answer's schema in `COMPONENTS`; None where it is not JSON.
        media_type: What the answer is where it is not JSON.
        problems: The refusals that are its own.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Handler
    role: Role
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    reads_bytes: bool = False
    answer: str | None = None
    media_type: str = "application/json"
    problems: tuple[int, ...] = field(default=())
