"""What is asked of a model, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from dispatch.forms import Check, DataBlock, no_checks
from dispatch.models.work.model_use import ModelFailure, ModelUse, PromptRef


@dataclass(frozen=True)
class ModelCall:
    """One question: the prompt, the texts that it is about, and what an answer must be."""

    model: str
    role: str
    system: str
    data: tuple[DataBlock, ...]
    schema: Mapping[str, Any]
    checks: Check = no_checks
    max_repairs: int = 1
    prompt: PromptRef = field(default_factory=PromptRef)
    names: tuple[str, ...] = field(default=(), repr=False)
    """Names of people that are masked, where the model's texts are masked."""


@dataclass(frozen=True)
class Transcript:
    """The last question as it was sent, byte for byte, and every answer; both may hold what customers wrote."""

    question: bytes = b""
    answer: bytes = b""


@dataclass(frozen=True)
class ModelReply:
    """An answer that has the form asked for and passed the checks."""

    value: JsonValue
    use: ModelUse
    transcript: Transcript = field(repr=False, default_factory=Transcript)


class ModelFailedError(Exception):
    """No answer that may be used: why, in one sentence without texts of customers, and what was spent on it."""

    def __init__(
        self, kind: ModelFailure, why: str, use: ModelUse, transcript: Transcript = Transcript()
    ) -> None:
        super().__init__(f"{use.model}: {why}")
        self.kind, self.why, self.use, self.transcript = kind, why, use, transcript
