"""Read a specification: grammar, then names and types. The first stage of the pipeline.

What comes out is checked in full, so that later stages need not look for mistakes.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from lark import Lark, Token, Tree, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from telemetry.errors import PipelineError, SpecError

from .builder import Builder
from .schema import checked
from .source import Source
from .tree import Place, Spec

_SPELLINGS = {
    "NAME": "a name",
    "CONSTANT": "a constant's name",
    "NUMBER": "a number",
    "$END": "the end of the file",
}
_MOST_EXPECTED = 8
# Later stages take up to four frames a level and Python allows a thousand; it allows 200 nested parentheses, of which
# generated code has two a level.
_DEEPEST = 80


def parse(path: Path) -> Spec:
    """Read one file and check everything in it.

    Raises:
        SpecError: It breaks the grammar (`syntax`), or a rule of names, types or bounds (`schema`).
        PipelineError: The file cannot be read (`io`).
    """
    return parse_text(_read(path), path)


def parse_text(text: str, path: Path) -> Spec:
    """Check a specification that is in memory; `path` only names it.

    Raises:
        SpecError: As for `parse`.
    """
    source = Source(path, text)
    try:
        recognised = _grammar().parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(source, error) from None
    _refuse_depth(recognised, source)
    return checked(Builder(source).transform(recognised), source)


@cache
def _grammar() -> Lark:
    text = resources.files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="basic", propagate_positions=True)


def _refuse_depth(recognised: Tree[Token], source: Source) -> None:
    level = [recognised]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
    if level:
        place = next((Place(node.meta.line, node.meta.column) for node in level if not node.meta.empty), Place(1, 1))
        raise source.error(place, f"this is nested more than {_DEEPEST} deep: split it with `let`", "syntax")


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # as it is, for the digest is that of the bytes
    except UnicodeDecodeError as error:
        problem = f"{path}: byte {error.start} is not UTF-8: save the specification as UTF-8"
        raise _unreadable(problem) from error
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}; give the path of a specification"
        raise _unreadable(problem) from error


def _unreadable(problem: str) -> PipelineError:
    error = PipelineError(problem)
    error.code = "io"
    return error


def _syntax_error(source: Source, error: UnexpectedInput) -> SpecError:
    if isinstance(error, UnexpectedCharacters):
        return source.error(Place(error.line, error.column), _stray(source.text[error.pos_in_stream or 0]), "syntax")
    assert isinstance(error, UnexpectedToken)
    place = Place(error.line, error.column)
    found = f"`{error.token}`"
    if error.token.type == "$END":
        found, place = "the end of the file", _end(source.text)
    elif _continues_a_word(source.text, error.token):
        return source.error(place, _stray(error.token[0]), "syntax")
    accepted = sorted(map(_spelling, error.accepts or error.expected))
    expected = " or ".join(accepted) if len(accepted) <= _MOST_EXPECTED else "something else"
    return source.error(place, f"unexpected {found}: expected {expected}", "syntax")


def _continues_a_word(text: str, token: Token) -> bool:
    start = token.start_pos or 0
    return token[0].isalnum() and text[max(0, start - 1) : start].isalnum()


def _stray(character: str) -> str:
    if character == "_":
        return "unexpected `_`: a name has no underscore at its start or end, nor two in a row"
    if character.isalpha():
        return f"unexpected `{character}`: a name is lower_snake_case, a constant UPPER_SNAKE_CASE"
    return f"unexpected {character!r}: no such character belongs to the language"


def _spelling(terminal: str) -> str:
    if terminal in _SPELLINGS:
        return _SPELLINGS[terminal]
    pattern = next(each.pattern.value for each in _grammar().terminals if each.name == terminal)
    return f"`{pattern}`"


def _end(text: str) -> Place:
    lines = text.splitlines() or [""]
    return Place(len(lines), len(lines[-1]) + 1)
