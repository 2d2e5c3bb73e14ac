"""A question to a language model, and what its use came to: texts by digest, and what it cost."""

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract, Facts

_MICROS: Final = 1_000_000
_PER_MILLION: Final = 1_000_000


class ModelOutcome(StrEnum):
    """What became of the answer; `fell_back` says that something else took its place."""

    ACCEPTED = "accepted"
    REPAIRED = "repaired"
    FELL_BACK = "fell_back"


class ModelFailure(StrEnum):
    """Why a model gave nothing that may be used."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED_HOST = "refused_host"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    NOT_JSON = "not_json"
    WRONG_SCHEMA = "wrong_schema"
    FAILED_CHECKS = "failed_checks"
    EMPTY = "empty"
    REFUSAL = "refusal"
    CUT_OFF = "cut_off"
    TOO_LARGE = "too_large"
    NOT_A_MODEL_SERVER = "not_a_model_server"
    MISSING_MODEL = "missing_model"
    CONTEXT_OVERFLOW = "context_overflow"
    OVER_BUDGET = "over_budget"


class ModelPrice(Contract):
    """What a model costs, in a currency, for a million tokens read and a million tokens written."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")
    per_million_in: Decimal = Field(ge=0, le=1_000_000)
    per_million_out: Decimal = Field(ge=0, le=1_000_000)


class PromptRef(Contract):
    """Which prompt a model was given; the digest is that of its text."""

    name: str = ""
    version: str = ""
    digest: str = ""


class ModelUse(Contract):
    """One question to a model with its repairs; question and answer are digests of documents, never texts."""

    role: str
    model: str
    outcome: ModelOutcome
    failure: ModelFailure | None = Field(default=None, description="set where it fell back")
    why: str = Field(default="", description="one sentence where it was repaired or fell back")
    attempts: int = Field(default=0, ge=0, description="answers that were asked for")
    tokens_in: int = Field(default=0, ge=0)
    tokens_out: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    cost_micros: int = Field(default=0, ge=0, description="millionths of the currency")
    currency: str = ""
    prompt: PromptRef = PromptRef()
    question: str = Field(default="", description="sha256 of the document with every message that was sent")
    answer: str = Field(default="", description="sha256 of the document with every answer that came")


class StoredText(Contract):
    """A text of a question, named; in the document store, so that it is in no history."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ModelQuestion(Contract):
    """What the activity `model.ask` is given; dispatch/language_models/calls.py has what is asked in the end."""

    role: str
    system: StoredText = Field(description="the prompt's text")
    data: tuple[StoredText, ...] = ()
    names: StoredText | None = Field(default=None, description="names of people to mask, one in each line")
    answer_schema: Facts = Field(description="JSON Schema 2020-12")
    check: str = Field(
        default="", description="a check of the worker's that an answer must pass; empty: none"
    )
    facts: JsonValue = Field(default=None, description="what that check compares with")
    max_repairs: int = Field(default=1, ge=0, le=3)
    prompt: PromptRef = PromptRef()


class ModelAnswer(Contract):
    """What came of it; without a value where the use says `fell_back`."""

    value: JsonValue = None
    use: ModelUse


def cost_micros(tokens_in: int, tokens_out: int, price: ModelPrice) -> int:
    """Return what tokens cost, in millionths of the price's currency, rounded half to even."""
    cost = (tokens_in * price.per_million_in + tokens_out * price.per_million_out) / _PER_MILLION * _MICROS
    return int(cost.to_integral_value(rounding=ROUND_HALF_EVEN))
