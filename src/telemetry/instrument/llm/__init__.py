"""Calls of language models: a span, token counts, duration and cost of each."""

from .answer import PATHS, Answer
from .call import LlmCall
from .decorator import LlmInstrument, instrument_llm_call

__all__ = ("PATHS", "Answer", "LlmCall", "LlmInstrument", "instrument_llm_call")
