"""The interface of declared systems of every kind."""

from collections.abc import Mapping
from typing import Final, Protocol

from pydantic import JsonValue

from dispatch.models.declared.actions import Change
from dispatch.models.declared.reads import Read
from dispatch.models.errors import RefusedError

Values = Mapping[str, JsonValue]

UNFIT_VALUE: Final = "invalid_value"
"""The code of a refusal to send a value that is invalid at its place in the template."""


class Reading(Protocol):
    """Answers declared reads; it changes nothing."""

    async def read(self, read: Read, values: Values) -> JsonValue:
        """Return the answer; null if the system reports that nothing is found.

        Raises UnavailableError if another attempt may succeed, RefusedError if none will.
        """


class Acting(Reading, Protocol):
    """Also carries out declared changes."""

    async def change(self, change: Change, values: Values, key: str) -> JsonValue:
        """Carry out a change under an idempotency key and return the answer.

        Raises UnavailableError and RefusedError if nothing was done, OutcomeUnknownError if that is unknown.
        """


class NotSetUp:
    """Replaces a system whose variables are empty: the worker runs, and each role that needs it gets an error."""

    def __init__(self, name: str, variables: tuple[str, ...]) -> None:
        self._why = f"the system {name} is not set up: set {' and '.join(variables)} for the worker"

    async def read(self, read: Read, values: Values) -> JsonValue:
        """Refuse."""
        del read, values
        raise RefusedError(self._why, "not_set_up")

    async def addresses_of(self, address: str) -> tuple[str, ...]:
        """Refuse."""
        del address
        raise RefusedError(self._why, "not_set_up")

    async def change(self, change: Change, values: Values, key: str) -> JsonValue:
        """Refuse."""
        del change, values, key
        raise RefusedError(self._why, "not_set_up")
