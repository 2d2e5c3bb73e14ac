"""Declared actions: what a playbook says of one call that changes an outside system."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from dispatch.models.contract import Contract, Duration
from dispatch.models.declared.json_pointer import JsonPointer
from dispatch.models.declared.parameters import ParameterSpec, ValueName
from dispatch.models.declared.reads import HttpRead, JsonTemplate, PathTemplate, QueryName, Rows, TextTemplate
from dispatch.models.declared.systems import SystemName
from dispatch.models.declared.templates import names_in, names_in_json

KEY = "key"
"""The idempotency key, in a template of an action."""
KEY_DIGEST = "key_digest"
"""Its sha256 in hex digits, which also fits into a path."""
EFFECT_ID = "effect_id"
"""The outside system's own id of the effect, in a compensation."""
RESERVED = frozenset({KEY, KEY_DIGEST, EFFECT_ID})

Status = Annotated[int, Field(ge=200, le=299)]


class Change(Contract):
    """One call that changes something."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(
        default="POST", description="POST, PUT, PATCH or DELETE"
    )
    path: PathTemplate = Field(description="as of a read")
    query: dict[QueryName, TextTemplate] = Field(
        default_factory=dict, max_length=30, description="as of a read"
    )
    body: JsonTemplate = Field(
        default=None, description="JSON template; a text that is one `{name}` alone becomes the value itself"
    )
    idempotency_header: str = Field(
        default="Idempotency-Key",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="in which the idempotency key is sent",
    )
    expected: tuple[Status, ...] = Field(
        default=(200, 201, 202, 204), min_length=1, description="statuses that say that it was done"
    )

    def names(self) -> frozenset[str]:
        """Return the values that it is filled with."""
        return frozenset((*names_in(self.path), *names_in_json(dict(self.query)), *names_in_json(self.body)))


class ReadBack(Rows):
    """Finds the effect in the outside system, for the verifier and before anything is repeated."""

    get: HttpRead = Field(description="best by `{key}`, so that it finds this very effect")
    effect_id: JsonPointer | None = Field(
        default=None, description="JSON pointer to the system's id of it; else its key counts"
    )
    equals: dict[JsonPointer, ValueName] = Field(
        min_length=1, max_length=50, description="JSON pointer: the parameter that the part must equal"
    )
    holds: dict[JsonPointer, JsonValue] = Field(
        default_factory=dict,
        max_length=50,
        description="JSON pointer: the fixed value that the part must hold",
    )

    @property
    def is_by_key(self) -> bool:
        """Whether it finds this very effect by its key, and not a state that others may have made too."""
        return not self.get.names().isdisjoint({KEY, KEY_DIGEST})


class Compensation(Contract):
    """Undoes the effect; what is then read back holds `undone`, or finds nothing."""

    request: Change = Field(
        description="the call that undoes; `{effect_id}` is the system's id of the effect"
    )
    undone: dict[JsonPointer, JsonValue] = Field(
        default_factory=dict,
        max_length=20,
        description="JSON pointer: the value by which an undone effect is known; none: it is no longer found",
    )


class Check(Contract):
    """What the guardian reads itself and blocks without: a part that must hold the requester's address or a parameter."""

    get: HttpRead = Field(description="what the guardian reads, with the action's parameters")
    at: JsonPointer = Field(default="", description="as of `lookup`; there must be exactly one")
    equals: dict[JsonPointer, Literal["requester.address"] | ValueName] = Field(
        min_length=1, max_length=20, description="JSON pointer: `requester.address`, or a parameter"
    )
    otherwise: str = Field(
        min_length=1, max_length=300, description="why it is blocked, in words for the desk"
    )


class Payment(Contract):
    """What an action spends; its policy then names amounts, and the intent that asks for it."""

    minor: ValueName = Field(description="the integer parameter, in the currency's minor unit")
    currency: str = Field(
        pattern=r"^([A-Z]{3}|[a-z][a-z0-9_]{0,39})$", description="ISO 4217, or the parameter"
    )
    owner: ValueName | None = Field(
        default=None,
        description="the parameter for whose value amounts are added up over all requests, such as the account",
    )
    window: Duration = Field(
        default=timedelta(days=30), description="with owner: how long an amount that was paid counts"
    )


class HttpCall(Contract):
    """One call of an HTTP system."""

    title: str = Field(min_length=1, max_length=100, description="for people who decide")
    system: SystemName = Field(description="one of kind http with a key to act with")
    parameters: dict[ValueName, ParameterSpec] = Field(
        min_length=1, max_length=50, description="name: type; all that may vary"
    )
    request: Change = Field(description="the call")
    effect_id: JsonPointer | None = Field(
        default=None,
        description="JSON pointer to the system's id of the effect in the answer; else the key counts",
    )
    read_back: ReadBack = Field(description="how the effect is found and verified")
    checks: tuple[Check, ...] = Field(
        default=(), max_length=10, description="what the guardian reads itself, and blocks without"
    )
    compensation: Compensation | None = Field(
        default=None, description="how it is undone; its policy then says `compensable: true`"
    )
    pays: Payment | None = Field(default=None, description="what it spends, where it moves money")

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        if taken := RESERVED & self.parameters.keys():
            raise ValueError(f"{min(taken)} is the engine's own value; rename the parameter")
        for place, names, also in self._uses():
            if unknown := sorted(names - self.parameters.keys() - also):
                known = ", ".join((*self.parameters, *sorted(also)))
                raise ValueError(f"{place} has {{{unknown[0]}}}, which is no parameter; use one of: {known}")
        if any(KEY in names_in(path) for path in self._paths()):
            raise ValueError(f"{{{KEY}}} holds slashes and cannot be in a path; use {{{KEY_DIGEST}}} there")
        for place, named in self._pairs():
            if named not in self.parameters:
                raise ValueError(f"{place} names {named!r}, which is no parameter")
        if self.pays is not None:
            self._check_payment(self.pays)
        return self

    def _paths(self) -> Iterator[str]:
        yield from (self.request.path, self.read_back.get.path)
        if self.compensation is not None:
            yield self.compensation.request.path

    def _uses(self) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
        keys = frozenset({KEY, KEY_DIGEST})
        yield "request", self.request.names(), keys
        yield "read_back", self.read_back.get.names(), keys
        for index, check in enumerate(self.checks):
            yield f"checks[{index}]", check.get.names(), frozenset()
        if self.compensation is not None:
            yield "compensation", self.compensation.request.names(), keys | {EFFECT_ID}

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for pointer, name in self.read_back.equals.items():
            yield f"read_back.equals of {pointer!r}", name
        for index, check in enumerate(self.checks):
            for pointer, name in check.equals.items():
                if name != "requester.address":
                    yield f"checks[{index}].equals of {pointer!r}", name

    def _check_payment(self, pays: Payment) -> None:
        minor = self.parameters.get(pays.minor)
        if minor is None or minor.type != "integer" or minor.minimum is None or minor.minimum < 1:
            raise ValueError("pays.minor must name a parameter of type integer with minimum: 1 or more")
        if pays.owner is not None and pays.owner not in self.parameters:
            raise ValueError(f"pays.owner names {pays.owner!r}, which is no parameter")
        if pays.currency.islower():
            currency = self.parameters.get(pays.currency)
            if currency is None or currency.type != "choice":
                raise ValueError(
                    "pays.currency must name a parameter of type choice, or be a currency such as EUR"
                )


class DeclaredAction(Contract):
    """An action without a class of its own: how it is done."""

    http_call: HttpCall
