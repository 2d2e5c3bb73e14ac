"""Uses of a language model: texts by digest, costs, and the budget of a request."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated, Final, Generic, Self, TypeVar

from pydantic import Field, StringConstraints

from dispatch.models.contract import Contract

R = TypeVar("R")

_MICROS: Final = 1_000_000
_PER_MILLION: Final = 1_000_000


class ModelOutcome(StrEnum):
    """The result of a question; `fell_back` means that the fallback replaced the answer."""

    ACCEPTED = "accepted"
    REPAIRED = "repaired"
    FELL_BACK = "fell_back"


class ModelFailure(StrEnum):
    """Why a model gave no usable answer."""

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
    NO_WORKER = "no_worker"


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


class ByModel(Contract, Generic[R]):
    """The result of a role on its model's queue; without a result its fallback replaces the answer."""

    result: R | None = None
    use: ModelUse | None = Field(default=None, description="None: there was nothing to ask")


class ModelBudget(Contract):
    """The budget of models for one request; it is checked before each question, so the last one may exceed it."""

    calls: int = Field(default=40, ge=0, le=10_000, description="answers that are asked for")
    tokens: int = Field(default=200_000, ge=0, le=100_000_000, description="read and written")
    money: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")], Decimal] = Field(
        default_factory=dict, description="by ISO 4217 currency of the models' prices, such as {EUR: 0.50}"
    )

    def exceeded_by(self, spent: "ModelSpending") -> str:
        """Return a text that names the reached bound; empty if none is."""
        if spent.calls >= self.calls:
            return f"{spent.calls} of {self.calls} calls of the request's budget are spent"
        if spent.tokens >= self.tokens:
            return f"{spent.tokens} of {self.tokens} tokens of the request's budget are spent"
        for currency, most in sorted(self.money.items()):
            micros = spent.cost_micros.get(currency, 0)
            if micros >= most * _MICROS:
                return (
                    f"{currency} {Decimal(micros) / _MICROS:.4f} of {most} of the request's budget are spent"
                )
        return ""


class ModelSpending(Contract):
    """What a request has spent on models so far."""

    calls: int = 0
    tokens: int = 0
    cost_micros: dict[str, int] = Field(default_factory=dict, description="by currency, millionths")

    def with_question(self) -> Self:
        """Return it with one question more that is under way; what it came to is added by `with_use`."""
        return self.model_copy(update={"calls": self.calls + 1})

    def with_use(self, use: ModelUse) -> Self:
        """Return it with what a question came to that `with_question` counted."""
        return self.model_copy(
            update={
                "calls": self.calls + max(use.attempts - 1, 0),
                "tokens": self.tokens + use.tokens_in + use.tokens_out,
                "cost_micros": with_cost(self.cost_micros, use),
            }
        )


def with_cost(costs: Mapping[str, int], use: ModelUse) -> dict[str, int]:
    """Return costs by currency, in millionths, with that of one use."""
    if not use.cost_micros:
        return dict(costs)
    return {**costs, use.currency: costs.get(use.currency, 0) + use.cost_micros}


def costs_in_words(costs: Mapping[str, int]) -> str:
    """Return costs by currency, each by itself; empty where nothing is known to have cost anything."""
    return ", ".join(f"{name} {micros / _MICROS:,.4f}" for name, micros in sorted(costs.items()))


def cost_micros(tokens_in: int, tokens_out: int, price: ModelPrice) -> int:
    """Return what tokens cost, in millionths of the price's currency, rounded half to even."""
    cost = (tokens_in * price.per_million_in + tokens_out * price.per_million_out) / _PER_MILLION * _MICROS
    return int(cost.to_integral_value(rounding=ROUND_HALF_EVEN))
