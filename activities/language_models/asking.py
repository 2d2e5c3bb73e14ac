"""Asks one language model; question and answer are documents, and history has their digests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from dispatch.language_models.calls import (
    Check,
    DataBlock,
    ModelCall,
    ModelFailedError,
    ModelReply,
    Transcript,
    no_checks,
)
from dispatch.models.work.model_use import ModelAnswer, ModelQuestion
from dispatch.storage.documents import DocumentStore

CheckMaker = Callable[[JsonValue], Check]
"""Makes a check of the facts that a question brings with it."""

_BEAT_SECONDS: Final = 5.0
_MEDIA_TYPE: Final = "application/json"


class Models(Protocol):
    """Whoever asks; dispatch/language_models/client.py, which nothing imports that asks no model."""

    async def ask(self, call: ModelCall, progress: Callable[[int], None]) -> ModelReply: ...


class ModelDesk:
    """Asks one model on its own queue; its failures are results, for the fallback is the workflow's to choose."""

    def __init__(
        self, model: str, models: Models, store: DocumentStore, checks: Mapping[str, CheckMaker] | None = None
    ) -> None:
        self._model, self._models, self._store, self._checks = model, models, store, checks or {}

    @activity.defn(name="model.ask")
    async def ask(self, question: ModelQuestion) -> ModelAnswer:
        """Ask, and keep the last question as it was sent, with every answer. Reports how many tokens have come."""
        with translated():
            call = await asyncio.to_thread(self._call, question)
            async with _heartbeat() as progress:
                try:
                    reply = await self._models.ask(call, progress)
                except ModelFailedError as error:
                    await asyncio.to_thread(self._keep, error.transcript)
                    return ModelAnswer(use=error.use)
                except ValueError as error:
                    raise ApplicationError(str(error), type="InvalidInput", non_retryable=True) from None
            await asyncio.to_thread(self._keep, reply.transcript)
            return ModelAnswer(value=reply.value, use=reply.use)

    def _call(self, question: ModelQuestion) -> ModelCall:
        if question.check and question.check not in self._checks:
            raise ApplicationError(
                f"this worker has no check {question.check}", type="InvalidInput", non_retryable=True
            )
        names = self._text(question.names.sha256).splitlines() if question.names is not None else ()
        return ModelCall(
            model=self._model,
            role=question.role,
            system=self._text(question.system.sha256),
            data=tuple(DataBlock(one.name, self._text(one.sha256)) for one in question.data),
            schema=question.answer_schema,
            checks=self._checks[question.check](question.facts) if question.check else no_checks,
            max_repairs=question.max_repairs,
            prompt=question.prompt,
            names=tuple(name for name in names if name.strip()),
        )

    def _text(self, sha256: str) -> str:
        return self._store.get(sha256).decode(errors="replace")

    def _keep(self, transcript: Transcript) -> None:
        for name, document in (("question", transcript.question), ("answer", transcript.answer)):
            if document:
                self._store.put(document, _MEDIA_TYPE, f"{name}.json")


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
