"""One call of a language model while it runs: its span, and the metrics that its end records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic_ns
from types import TracebackType
from typing import Any, Final, final

from telemetry._hotpath import Span, switch
from telemetry.contracts import without_credentials
from telemetry.instrument.handle import metric
from telemetry.instrument.named import span

from .answer import PATHS, Answer, Path, value_at

SPAN: Final = "gen_ai.call"
"""The contract of the span, in the pack `llm`."""

REQUEST_MODEL: Final = "gen_ai.request.model"

_PER_MILLION: Final = 1e-6
_SUCCESS: Final = "none"
"""The label `error_type` of what went well: Prometheus takes an empty value for no label."""

_FACTS: Final[Mapping[str, str]] = {
    "response_model": "gen_ai.response.model",
    "response_id": "gen_ai.response.id",
    "finish_reasons": "gen_ai.response.finish_reasons",
}

Price = tuple[float, float] | Callable[[int, int], float]
"""US dollars for a million tokens sent and received, or a callable of both counts that gives dollars."""


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What all calls of one place have in common: see `instrument_llm_call`."""

    provider: str
    model: str
    operation: str = "chat"
    price: Price | None = None
    paths: Mapping[str, Sequence[Path]] = field(default_factory=lambda: PATHS)
    completion: Path | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@final
class LlmCall:
    """A call that runs; `with instrument_llm_call(...) as call:` gives one.

    Attributes:
        span: Its span, for attributes of your own.
        answer: What is known of the answer so far.
    """

    __slots__ = ("__weakref__", "_begun", "_cost", "_model", "_said", "_terms", "answer", "span")

    def __init__(self, terms: Terms, attributes: Mapping[str, Any]) -> None:
        own = {
            "gen_ai.operation.name": terms.operation,
            "gen_ai.provider.name": terms.provider,
            **({REQUEST_MODEL: terms.model} if terms.model else {}),
        }
        given = {**own, **terms.attributes, **attributes}
        self._terms = terms
        self._said = ""
        self._cost: float | None = None
        self._model = str(given.get(REQUEST_MODEL) or "")
        self.answer = Answer(terms.paths)
        self.span: Span = span(SPAN, kind="client", attributes=given)
        self._begun = monotonic_ns()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self._begun

    def observe(self, part: Any) -> None:
        """Read the answer, or the next part of a stream of it; what it says is recorded when the call ends."""
        self.answer.read(part)
        if self._terms.completion is not None:
            self._said += _words(value_at(self._terms.completion, part))

    def record_prompt(self, prompt: Any) -> None:
        """Record what is sent, as text without credentials; nothing else does unless it is asked for."""
        self._record_text("gen_ai.input.messages", _words(prompt))

    def finish(self, error: BaseException | None = None) -> None:
        """End the span and record the metrics; a second end is ignored."""
        if not self._begun:
            return
        elapsed_ns, self._begun = monotonic_ns() - self._begun, 0
        for fact, kind in self.answer.refused.items():
            count_unread(f"{fact} of {self._model or SPAN}: this {kind} is no number of tokens")
        self._cost = self._price()
        self._describe()
        # A stream that its reader leaves is closed, and no failure.
        failed = error is not None and not isinstance(error, GeneratorExit)
        self._count(elapsed_ns * 1e-9, type(error).__qualname__ if failed else _SUCCESS)
        self.span.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)

    def __enter__(self) -> LlmCall:
        self.span.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish(error)

    def _record_text(self, attribute: str, words: str) -> None:
        if words:
            self.span.set_attribute(attribute, without_credentials(words))

    def _describe(self) -> None:
        facts = self.answer.facts
        self._record_text("gen_ai.output.messages", self._said)
        for fact, attribute in _FACTS.items():
            self.span.set_attribute(attribute, facts.get(fact))
        self.span.set_attribute("gen_ai.usage.input_tokens", self.answer.input_tokens)
        self.span.set_attribute("gen_ai.usage.output_tokens", self.answer.output_tokens)
        self.span.set_attribute("llm.cost_usd", self._cost)

    def _count(self, seconds: float, error_type: str) -> None:
        model = self._model or self.answer.facts.get("response_model") or "unknown"
        labels = {"gen_ai_operation_name": self._terms.operation, "gen_ai_request_model": model}
        metric("gen_ai_client_operation_duration_seconds").labels(**labels, error_type=error_type).observe(seconds)
        for token_type, count in (("input", self.answer.input_tokens), ("output", self.answer.output_tokens)):
            if count is not None:
                metric("gen_ai_client_token_usage").labels(**labels, gen_ai_token_type=token_type).observe(count)
        if self._cost is not None:
            metric("llm_cost_usd_total").labels(gen_ai_request_model=model).inc(self._cost)

    def _price(self) -> float | None:
        """Give what the answer says that it cost, else what the price makes of its tokens."""
        told = self.answer.facts.get("cost_usd")
        sent, received = self.answer.input_tokens, self.answer.output_tokens
        price = self._terms.price
        if told is not None or price is None or (sent is None and received is None):
            return told
        if callable(price):
            try:
                return float(price(sent or 0, received or 0))
            except Exception as error:  # noqa: BLE001  # the user's model answered; what it cost is ours to lose
                count_unread(f"price= of {self._model or SPAN}: {error!r}")
                return None
        return ((sent or 0) * price[0] + (received or 0) * price[1]) * _PER_MILLION


def count_unread(problem: str) -> None:
    """Count what could not be read of a call, and name the first."""
    recorder = switch.recorder()
    if recorder is not None:
        recorder.count("capture_failed", problem)


def _words(content: Any) -> str:
    """Give texts as they are, one after the other, and other content as JSON."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, str) for part in content):
        return "".join(content)
    return json.dumps(content, ensure_ascii=False, default=str)
