"""`instrument_llm_call`: the decorator and context manager around calls of language models."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, final

from telemetry._hotpath import switch
from telemetry.errors import ContractError

from .answer import PATHS, Path
from .blocks import Blocks
from .call import SPAN, LlmCall, Price, Terms, count_unread

F = TypeVar("F", bound=Callable[..., Any])

_PACK_IS_MISSING = (
    f"no span {SPAN!r} in the registry: "
    "instrument_llm_call needs the pack 'llm'; add it to 'extends' of a registry file"
)


@final
class LlmInstrument:
    """What `instrument_llm_call` gives: put it on functions, or around blocks."""

    __slots__ = ("__weakref__", "_blocks", "_capture", "_place", "_prompt", "_terms")

    def __init__(self, terms: Terms, capture: Mapping[str, Path], prompt: Path | None) -> None:
        self._terms = terms
        self._capture = dict(capture)
        self._prompt = prompt
        self._place = ""
        self._blocks = Blocks()

    @property
    def _telemetry_names(self) -> tuple[str]:
        """What flags know it by."""
        return (SPAN,)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Ask the registry for the pack: to decorate a function without it is a mistake, while a block is counted.

        Raises:
            ContractError: The pack `llm` is not loaded.
        """
        if recorder is not None and SPAN not in recorder.registry.spans:
            raise ContractError(f"{self._place}: {_PACK_IS_MISSING}")

    def __enter__(self) -> LlmCall:
        return self._blocks.add(self._call({})).__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        call = self._blocks.take()
        if call is not None:
            call.__exit__(kind, error, traceback)

    def __call__(self, function: F) -> F:
        """Record every call of a function, coroutine function or (asynchronous) generator function.

        Raises:
            ContractError: A path names no parameter, or the registry in force lacks the pack `llm`.
        """
        own = LlmInstrument(self._terms, self._capture, self._prompt)
        return own._wrapped(function)  # type: ignore[return-value]  # `wraps` gives it the same look

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)
        self._place = _place(function)
        self._check(signature)
        wrapper = self._form(function, lambda args, kwargs: self._begin(signature, args, kwargs))
        switch.register(self)
        return wrapper

    def _form(self, function: Callable[..., Any], begin: Callable[..., LlmCall]) -> Callable[..., Any]:
        if inspect.isasyncgenfunction(function):
            return _async_stream(function, begin)
        if inspect.isgeneratorfunction(function):
            return _stream(function, begin)
        if inspect.iscoroutinefunction(function):
            return _coroutine(function, begin)
        return _plain(function, begin)

    def _check(self, signature: inspect.Signature) -> None:
        for path in (*self._capture.values(), self._prompt):
            name = path.partition(".")[0] if isinstance(path, str) else None
            if name is not None and name not in signature.parameters:
                known = ", ".join(signature.parameters) or "no parameters"
                raise ContractError(f"{self._place}: reads {path!r}, but the function has {known}")

    def _begin(self, signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> LlmCall:
        given = _given(signature, args, kwargs) if self._capture or self._prompt else {}
        read = {name: self._read(path, given) for name, path in self._capture.items()}
        call = self._call({name: value for name, value in read.items() if value is not None})
        if self._prompt is not None:
            call.record_prompt(self._read(self._prompt, given))
        return call

    def _call(self, attributes: Mapping[str, Any]) -> LlmCall:
        return LlmCall(self._terms, attributes)

    def _read(self, path: Path, given: Mapping[str, Any]) -> Any:
        try:
            return _followed(path, given) if isinstance(path, str) else path(given)
        except Exception as error:  # noqa: BLE001  # the call goes on; what could not be read is counted
            count_unread(f"{self._place}: {path!r}: {error!r}")
            return None


def instrument_llm_call(
    *,
    provider: str,
    model: str = "",
    operation: str = "chat",
    capture: Mapping[str, Path] | None = None,
    attributes: Mapping[str, Any] | None = None,
    paths: Mapping[str, Path | Sequence[Path]] | None = None,
    price: Price | None = None,
    prompt: Path | None = None,
    completion: Path | None = None,
) -> LlmInstrument:
    """Record calls of a language model: a span such as `chat gpt-4o`, tokens, duration and cost.

    Needs the pack `llm` in the registry. Names are those of OpenTelemetry's conventions for generative AI. On a
    function the returned value is the answer, and each value that a generator yields is a part of it. Around a block,
    `call.observe(answer)` reads it. What is sent and received is not recorded unless `prompt` or `completion` say so.

    >>> @instrument_llm_call(provider="openai", model="gpt-4o-mini", price=(0.15, 0.6))
    ... def ask(question: str) -> dict[str, object]:
    ...     return {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 9, "completion_tokens": 1}}
    >>> ask("Is it so?")["model"]
    'gpt-4o-mini'

    Args:
        provider: Who serves the model, as the conventions write it: `openai`, `anthropic`, `aws.bedrock`.
        model: The model that is asked for. Where calls differ, capture `gen_ai.request.model` instead.
        operation: `chat`, `text_completion`, `embeddings`, `generate_content` or another of the conventions.
        capture: Attribute to the path of a parameter, or a callable of all arguments; of functions only.
        attributes: Attributes that never change.
        paths: Where facts of an answer are, for those that `PATHS` does not find; `cost_usd` is one of them.
        price: US dollars for a million tokens sent and received, or a callable of both counts that gives dollars.
        prompt: The path of the parameter that has the prompt, to record it without credentials; of functions only.
        completion: The path of the text in an answer, to record it without credentials.

    Raises:
        ContractError: `paths` names a fact that there is not.
    """
    unknown = sorted((paths or {}).keys() - PATHS.keys())
    if unknown:
        raise ContractError(f"paths= has no fact {unknown[0]!r}; facts are {', '.join(PATHS)}")
    own = {fact: _several(path) for fact, path in (paths or {}).items()}
    terms = Terms(provider, model, operation, price, {**PATHS, **own}, completion, dict(attributes or {}))
    return LlmInstrument(terms, capture or {}, prompt)


def _plain(function: Callable[..., Any], begin: Callable[..., LlmCall]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with begin(args, kwargs) as call:
            answer = function(*args, **kwargs)
            call.observe(answer)
            return answer

    return wrapper


def _coroutine(function: Callable[..., Any], begin: Callable[..., LlmCall]) -> Callable[..., Any]:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with begin(args, kwargs) as call:
            answer = await function(*args, **kwargs)
            call.observe(answer)
            return answer

    return wrapper


def _stream(function: Callable[..., Any], begin: Callable[..., LlmCall]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, None, None]:
        call = begin(args, kwargs)
        try:
            with closing(function(*args, **kwargs)) as parts:
                for part in parts:
                    call.observe(part)
                    yield part
        except BaseException as error:
            call.finish(error)
            raise
        call.finish()

    return wrapper


def _async_stream(function: Callable[..., Any], begin: Callable[..., LlmCall]) -> Callable[..., Any]:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        call = begin(args, kwargs)
        try:
            async with aclosing(function(*args, **kwargs)) as parts:
                async for part in parts:
                    call.observe(part)
                    yield part
        except BaseException as error:
            call.finish(error)
            raise
        call.finish()

    return wrapper


def _given(signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        bound = signature.bind_partial(*args, **kwargs)
    except TypeError:  # the call itself is about to raise the same
        return {}
    bound.apply_defaults()
    return bound.arguments


def _followed(path: str, given: Mapping[str, Any]) -> Any:
    first, *rest = path.split(".")
    value = given.get(first)
    for step in rest:
        value = value[step] if isinstance(value, Mapping) else getattr(value, step)
    return value


def _several(path: Path | Sequence[Path]) -> tuple[Path, ...]:
    return (path,) if isinstance(path, str) or callable(path) else tuple(path)


def _place(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)
