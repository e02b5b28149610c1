"""Read one registry file as JSON: exactly one object, UTF-8, no key twice, no NaN.

What is in the object is for `declaration` to judge.
"""

from __future__ import annotations

from telemetry.errors import RegistryError

from .entry import Entry, Members, Place


def read_document(path: str, findings: list[RegistryError]) -> Entry:
    """Read a file; what the entry finds wrong later goes to `findings`.

    Raises:
        RegistryError: The file cannot be read, or is no JSON.
    """
    return Entry(_parsed(path, _content(path)), Place(path, findings))


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}; save it as UTF-8"
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}; correct the name, or make the file"
    raise RegistryError(path, "", problem, "TC101")


def _parsed(path: str, text: str) -> object:
    # 10 ms to import, and every application that never configures itself goes without.
    import json

    try:
        return json.loads(text, object_pairs_hook=Members)
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg.rstrip(':')} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        problem = "is nested too deeply; a registry needs less than ten levels"
    except ValueError as error:
        problem = f"has a number that is too long: {str(error).partition(';')[0]}"
    raise RegistryError(path, "", problem, "TC101")
