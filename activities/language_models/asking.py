"""Lets a language model do a role: the role's form is the question, and a form that holds becomes the role's result."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from dispatch.forms import Form
from dispatch.language_models.calls import ModelCall, ModelFailedError, ModelReply, Transcript
from dispatch.language_models.prompts import Prompt
from dispatch.models.work.model_use import ByModel
from dispatch.storage.model_documents import ModelDocuments

B = TypeVar("B", contravariant=True)  # noqa: PLC0105 (a brief, as everywhere)
R = TypeVar("R", covariant=True)  # noqa: PLC0105 (its result)

Prompts = Mapping[tuple[str, str], Prompt]
"""By desk and role, those of the roles that a playbook gives to a model."""

_BEAT_SECONDS: Final = 5.0
_MOST_REPAIRS: Final = 1


class Models(Protocol):
    """Whoever asks; dispatch/language_models/client.py, which nothing imports that asks no model."""

    async def ask(self, call: ModelCall, progress: Callable[[int], None]) -> ModelReply: ...


class Thinker(Protocol[B, R]):
    """A role that a model may do, beside its rules. Both methods only compute.

    `form` is what the model fills in, None where there is nothing to ask; `filled` is what comes of a form that has the
    schema and passed the check. It is narrower than what the rules decide: see docs/models.md.
    """

    def form(self, brief: B) -> Form | None: ...
    def filled(self, brief: B, value: JsonValue) -> R: ...


class Thinking(NamedTuple):
    """How a role that a model does is registered: under the type of its rules, on the model's queue."""

    activity_type: str
    thinker: Thinker[Any, Any]
    brief: type
    result: Any
    """A ByModel of what the rules return."""
    role_of: Callable[[Any], tuple[str, str]]
    """Desk and name in the playbook, by which the prompt is found."""


class ModelDesk:
    """Asks one model on its own queue; its failures are results, for the fallback is the workflow's to choose."""

    def __init__(self, model: str, models: Models, store: ModelDocuments, prompts: Prompts) -> None:
        self._model, self._models, self._store, self._prompts = model, models, store, prompts

    def activity_of(self, thinking: Thinking) -> Callable[..., Any]:
        """Return the activity that has the model do a role. It reports how many tokens have come."""

        async def think(brief: Any) -> Any:
            with translated():
                async with _heartbeat() as progress:
                    return await self.think(thinking, brief, progress)

        # The SDK reads the types of an activity from its annotations; each role has its own.
        think.__annotations__ = {"brief": thinking.brief, "return": thinking.result}
        return activity.defn(name=thinking.activity_type)(think)

    async def think(
        self, thinking: Thinking, brief: Any, progress: Callable[[int], None] = lambda _tokens: None
    ) -> ByModel[Any]:
        """Have the model do a role once, outside of an activity as well. Raises ApplicationError without a prompt."""
        form = await asyncio.to_thread(thinking.thinker.form, brief)
        if form is None:
            return ByModel()
        call = self._call(form, *thinking.role_of(brief))
        try:
            reply = await self._models.ask(call, progress)
        except ModelFailedError as error:
            await asyncio.to_thread(self._keep, error.transcript)
            return ByModel(use=error.use)
        except ValueError as error:
            raise ApplicationError(str(error), type="InvalidInput", non_retryable=True) from None
        await asyncio.to_thread(self._keep, reply.transcript)
        result = await asyncio.to_thread(thinking.thinker.filled, brief, reply.value)
        return ByModel(result=result, use=reply.use)

    def _call(self, form: Form, desk: str, role: str) -> ModelCall:
        prompt = self._prompts.get((desk, role))
        if prompt is None:
            raise ApplicationError(
                f"this worker has no prompt of {role} of {desk}; its playbook gives the role to no model, or to another",
                type="InvalidInput",
                non_retryable=True,
            )
        return ModelCall(
            model=self._model,
            role=role,
            system=prompt.text,
            data=form.data,
            schema=form.schema,
            checks=form.check,
            max_repairs=_MOST_REPAIRS,
            prompt=prompt.ref,
            names=tuple(name for name in form.names if name.strip()),
        )

    def _keep(self, transcript: Transcript) -> None:
        for name, document in (("question", transcript.question), ("answer", transcript.answer)):
            if document:
                self._store.put(document, f"{name}.json")


@asynccontextmanager
async def _heartbeat() -> AsyncIterator[Callable[[int], None]]:
    """Report every few seconds for the length of the block, with the tokens that have come; yields what takes them."""
    seen = [0]

    async def beat() -> None:
        while True:
            activity.heartbeat(seen[0])
            await asyncio.sleep(_BEAT_SECONDS)

    def progress(tokens: int) -> None:
        seen[0] = tokens

    task = asyncio.create_task(beat())
    try:
        yield progress
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
