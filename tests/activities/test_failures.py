"""What a failure looks like to a workflow."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel, field_validator
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.failures import MAX_TEXT, reconciling, translated
from channels.mail.reply import MailParameters as SendReply
from dispatch.models.errors import (
    CatalogueError,
    ClientError,
    OutcomeUnknownError,
    PlaybookError,
    RefusedError,
    SettingsError,
    UnavailableError,
)

PRIVATE = "ada-private@example.org"


def caught(error: Exception) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised, translated():
        raise error
    return raised.value


def in_history(error: ApplicationError) -> str:
    """Return all that Temporal writes of an error, its causes included."""
    failure = Failure()
    converter = DataConverter.default
    converter.failure_converter.to_failure(error, converter.payload_converter, failure)
    return str(failure)


@pytest.mark.parametrize(
    ("error", "kind", "final", "details"),
    [
        (UnavailableError("down"), "UnavailableError", False, ()),
        (RefusedError("no", "too_large"), "RefusedError", True, ("too_large",)),
        (OutcomeUnknownError("lost"), "OutcomeUnknownError", False, ()),
        (ClientError("odd"), "ClientError", True, ()),
        (SettingsError("wrong"), "SettingsError", True, ()),
        (CatalogueError("wrong"), "CatalogueError", True, ()),
        (PlaybookError("f.yaml", "intents.x", "wrong", "Mend it."), "PlaybookError", True, ()),
        (RuntimeError("boom"), "Unexpected", False, ("RuntimeError",)),
        (TimeoutError(), "Unexpected", False, ("TimeoutError",)),
    ],
)
def test_every_error_has_a_type_to_act_on(
    error: Exception, kind: str, final: object, details: tuple[str, ...]
) -> None:
    """Type, whether to retry, and details follow from the class of the error and never from its text."""
    translation = caught(error)
    assert (translation.type, translation.non_retryable, translation.details) == (kind, final, details)
    assert str(error) in translation.message
    assert translation.message


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        (None, None),
        (0, None),
        (-1, None),
        (float("nan"), None),
        (7.5, timedelta(seconds=7.5)),
        (10**9, timedelta(hours=1)),
    ],
)
def test_the_system_may_ask_for_time_within_reason(asked: float | None, delay: timedelta | None) -> None:
    """Retry-After becomes the next delay, an hour at most; nonsense becomes none."""
    assert caught(UnavailableError("busy", retry_after_seconds=asked)).next_retry_delay == delay


@pytest.mark.parametrize(
    "error", [RuntimeError, UnavailableError, RefusedError, OutcomeUnknownError, SettingsError]
)
def test_texts_are_bounded_and_one_line(error: type[Exception]) -> None:
    """However long an error's text, history gets at most 500 characters of it on one line."""
    translation = caught(error("line\n" * 10_000))
    assert len(translation.message) <= MAX_TEXT
    assert "\n" not in translation.message
    assert len(in_history(translation)) < 5_000


def _fail_with_a_cause() -> None:
    raise UnavailableError("records: not reached") from RuntimeError(f"GET /customers?email={PRIVATE}")


def _fail_while_handling() -> None:
    try:
        raise RuntimeError(PRIVATE)  # noqa: TRY301 - the chain is what is tested
    except RuntimeError:
        raise UnavailableError("records: not reached")  # noqa: B904 - the implicit context is what is tested


@pytest.mark.parametrize("fail", [_fail_with_a_cause, _fail_while_handling])
def test_a_foreign_cause_stays_out_of_history(fail: Callable[[], None]) -> None:
    """The error is kept as the cause, with its trace; what it came from may quote anything and is not."""
    with pytest.raises(ApplicationError) as raised, translated():
        fail()
    written = in_history(raised.value)
    assert PRIVATE not in written
    assert written.count('message: "records: not reached"') == 2
    assert "in fail" in written or "_fail_w" in written


class _Quoting(BaseModel):
    address: str

    @field_validator("address")
    @classmethod
    def _never(cls, value: str) -> str:
        raise ValueError(f"{value} is wrong")


def test_invalid_input_is_named_by_field_and_never_quoted() -> None:
    """A validation error says where and what, without the value, even where a validator quotes it."""
    for model, field in ((SendReply, "recipient"), (_Quoting, "address")):
        with pytest.raises(ApplicationError) as raised, translated():
            model.model_validate(
                {field: PRIVATE, "text": {"x": PRIVATE}, PRIVATE: 1}
                if model is SendReply
                else {field: PRIVATE}
            )
        error = raised.value
        assert (error.type, error.non_retryable) == ("InvalidInput", True)
        assert (model.__name__ in error.message, len(error.message) <= MAX_TEXT) == (True, True)
        if model is _Quoting:
            assert "address: value_error" in error.message
            assert PRIVATE not in in_history(error)


def test_temporal_s_own_failures_and_cancellation_pass() -> None:
    """An ApplicationError stays as it is, and a cancelled activity is cancelled and not failed."""
    own = ApplicationError("mine", type="Mine")
    assert caught(own) is own
    with pytest.raises(asyncio.CancelledError), translated():
        raise asyncio.CancelledError


async def _fail_late() -> None:
    with translated():
        await asyncio.sleep(0)
        raise UnavailableError("late")


async def test_it_works_around_awaits() -> None:
    """The block may await; nothing is translated where nothing fails."""
    with translated():
        await asyncio.sleep(0)
    with pytest.raises(ApplicationError, match="late"):
        await _fail_late()


@pytest.mark.parametrize("error", [UnavailableError("down"), RefusedError("no key", "http_401")])
def test_an_unreadable_system_leaves_a_later_attempt_unknown(error: ClientError) -> None:
    """Before anything was tried the error passes as it is; afterwards nobody can say that nothing happened."""

    def reconcile() -> None:
        with reconciling():
            raise error

    environment = ActivityEnvironment()
    with pytest.raises(type(error)):
        environment.run(reconcile)
    environment.info = replace(environment.info, attempt=2)
    with pytest.raises(OutcomeUnknownError, match="an earlier attempt may have acted"):
        environment.run(reconcile)
