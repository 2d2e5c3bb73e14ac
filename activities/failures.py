"""Converts failures for workflows: a type to act on, a bounded text to read, and nothing private.

error                     type              retried   details
Unavailable               Unavailable       yes, after what the system asked for
Refused                   Refused           no        (code,)
OutcomeUnknown            OutcomeUnknown    yes: the next attempt reconciles by key before it acts
ApproversError            Unavailable       yes: nothing was done, and a person corrects the file
any other DispatchError   its class name    no
pydantic ValidationError  InvalidInput      no
anything else             Unexpected        yes       (class name,)

Temporal writes an error with its whole chain of causes into history. A foreign cause may quote a URL, a query or a
customer's text at any length, so a chain is cut after the first link and that link is kept only if it is short.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError, FailureError

from dispatch.models.errors import (
    ApproversError,
    ClientError,
    DispatchError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)

MAX_TEXT: Final = 500
_MAX_DELAY: Final = timedelta(hours=1)
_MAX_PROBLEMS: Final = 5
# Their messages are written by validators, which may quote the value.
_QUOTING: Final = frozenset({"value_error", "assertion_error"})


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the block into an ApplicationError; goes around `await`s as well.

    Temporal's own failures and cancellation pass unchanged.
    """
    try:
        yield
    except FailureError:
        raise
    except ValidationError as error:
        raise ApplicationError(_wrong(error), type="InvalidInput", non_retryable=True) from None
    except Exception as error:  # noqa: BLE001 - the one place where every error gets a name
        raise _translate(error) from _safe_cause(error)


@contextmanager
def reconciling() -> Iterator[None]:
    """Wrap the lookup by key before an effect, inside an activity.

    On the first attempt nothing can have happened yet, and a ClientError passes unchanged. On a later one an earlier
    attempt may have acted, so a system that does not answer leaves the outcome unknown: raises OutcomeUnknown.
    """
    try:
        yield
    except ClientError as error:
        if activity.info().attempt == 1:
            raise
        raise OutcomeUnknownError(
            f"an earlier attempt may have acted, and it cannot be told: {error}"
        ) from error


def _translate(error: Exception) -> ApplicationError:
    text = _bounded(str(error) or type(error).__name__)
    if isinstance(error, UnavailableError):
        return ApplicationError(text, type="UnavailableError", next_retry_delay=_delay(error))
    if isinstance(error, RefusedError):
        return ApplicationError(text, error.code[:100], type="RefusedError", non_retryable=True)
    if isinstance(error, OutcomeUnknownError):
        return ApplicationError(text, type="OutcomeUnknownError")
    if isinstance(error, ApproversError):
        return ApplicationError(text, type="UnavailableError")
    name = type(error).__name__
    if isinstance(error, DispatchError):
        return ApplicationError(text, type=name, non_retryable=True)
    return ApplicationError(_bounded(f"{name}: {error}"), name, type="Unexpected")


def _delay(error: UnavailableError) -> timedelta | None:
    """Return the system's Retry-After, up to an hour: a wrong header must not delay a request for a year."""
    seconds = error.retry_after_seconds
    if seconds is None or not seconds > 0:
        return None
    return timedelta(seconds=min(seconds, _MAX_DELAY.total_seconds()))


def _wrong(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(str(part) for part in e['loc']) or 'the top'}: "
        f"{e['type'] if e['type'] in _QUOTING else e['msg']}"
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    more = f"; and {len(problems) - _MAX_PROBLEMS} more" if len(problems) > _MAX_PROBLEMS else ""
    return _bounded(f"{error.title}: {'; '.join(problems[:_MAX_PROBLEMS])}{more}")


def _safe_cause(error: Exception) -> Exception | None:
    if len(str(error)) > MAX_TEXT:
        return None
    error.__cause__ = None
    return error


def _bounded(text: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
