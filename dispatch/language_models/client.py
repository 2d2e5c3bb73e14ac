"""The client of language models: one question with its repairs, bounded in time, size and tries.

A wrong answer goes back to the model with what is wrong, `max_repairs` times; everything else that fails ends the
question with a ModelFailedError of its kind, and the caller's fallback takes its place.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from pydantic import JsonValue, SecretStr

from dispatch.forms import DataBlock
from dispatch.language_models.answers import (
    WrongAnswerError,
    hold_to_checks,
    hold_to_schema,
    read_json,
    schema_problem,
)
from dispatch.language_models.calls import ModelCall, ModelFailedError, ModelReply, Transcript
from dispatch.language_models.exchange import ExchangeError, Heard, Server, tokens_of
from dispatch.language_models.framing import messages_of
from dispatch.language_models.models_file import LanguageModel
from dispatch.language_models.personal_data import Masking
from dispatch.models.canonical import canonical_bytes
from dispatch.models.work.model_use import ModelFailure, ModelOutcome, ModelUse, cost_micros

TRIES: Final = 3
"""Of one exchange, where the server is busy, failing or not reached."""
_FIRST_PAUSE: Final = 0.5
_MOST_SENT_BACK: Final = 4_000
"""Characters of a wrong answer; the question must still fit beside it."""


class LanguageModels:
    """The models of the file, each with its connection, for the length of an `async with`."""

    def __init__(self, models: Mapping[str, LanguageModel], keys: Mapping[str, SecretStr]) -> None:
        self._models = models
        self._servers = {name: Server(model, keys[name]) for name, model in models.items()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            await server.close()

    async def ask(
        self, call: ModelCall, progress: Callable[[int], None] = lambda _tokens: None
    ) -> ModelReply:
        """Ask one question and return an answer that holds; `progress` is told how many tokens have come.

        Raises ModelFailedError, and ValueError where the call itself is wrong.
        """
        if problem := schema_problem(call.schema):
            raise ValueError(f"the schema of {call.role} is wrong: {problem}")
        if call.model not in self._models:
            known = ", ".join(sorted(self._models)) or "none"
            raise ValueError(f"there is no model {call.model} in the file of models; known: {known}")
        return await _Question(self._models[call.model], self._servers[call.model], call, progress).ask()


class _Question:
    """What one question has come to so far."""

    def __init__(
        self, model: LanguageModel, server: Server, call: ModelCall, progress: Callable[[int], None]
    ) -> None:
        self._model, self._server, self._call, self._progress = model, server, call, progress
        texts = [block.text for block in call.data] if model.masks else []
        self._masking = Masking(texts, call.names if model.masks else ())
        data = [DataBlock(block.name, self._hidden(block.text)) for block in call.data]
        self._messages = messages_of(call.system, data)
        self._sent, self._answers = list[bytes](), list[str]()
        self._tokens_in = self._tokens_out = 0
        self._begun = asyncio.get_running_loop().time()

    async def ask(self) -> ModelReply:
        limit = self._model.timeouts.total.total_seconds()
        try:
            async with asyncio.timeout(limit) as deadline:
                return await self._until_it_holds(deadline)
        except TimeoutError:
            raise self._failed(
                ModelFailure.TIMEOUT, f"no whole answer came within {limit:g} seconds"
            ) from None
        except ExchangeError as error:
            raise self._failed(error.kind, error.why) from None

    async def _until_it_holds(self, deadline: asyncio.Timeout) -> ModelReply:
        asked = sum(tokens_of(message["content"]) for message in self._messages) // 2
        if asked + self._model.answer_tokens > self._model.context_tokens:
            raise ExchangeError(
                ModelFailure.CONTEXT_OVERFLOW,
                "the question is longer than the model's context; it was not sent",
            )
        why = ""
        for repairs_left in range(self._call.max_repairs, -1, -1):
            heard = await self._exchange(deadline)
            self._answers.append(heard.text)
            _refuse_what_is_no_answer(heard)
            try:
                value = self._checked(heard.text)
            except WrongAnswerError as error:
                why = error.why
                if not repairs_left:
                    raise ExchangeError(error.kind, why) from None
                self._send_back(heard.text, error.problems)
                continue
            outcome = ModelOutcome.REPAIRED if why else ModelOutcome.ACCEPTED
            return ModelReply(value, self._use(outcome, why=why), self._transcript())
        raise AssertionError("unreachable: the last answer holds or raises")

    async def _exchange(self, deadline: asyncio.Timeout) -> Heard:
        loop = asyncio.get_running_loop()
        for tried in range(1, TRIES + 1):
            try:
                heard = await self._server.exchange(
                    self._messages, self._call.schema, sent=self._sent, progress=self._progress
                )
            except ExchangeError as error:
                pause = (
                    error.retry_after if error.retry_after is not None else _FIRST_PAUSE * 2 ** (tried - 1)
                )
                ends = deadline.when()
                if not error.again or tried == TRIES or (ends is not None and loop.time() + pause >= ends):
                    raise
                await asyncio.sleep(pause)
                continue
            self._tokens_in += heard.tokens_in
            self._tokens_out += heard.tokens_out
            return heard
        raise AssertionError("unreachable: the last try returns or raises")

    def _checked(self, text: str) -> JsonValue:
        """Return the answer with personal data put back; schema and checks see what the caller will."""
        value = self._masking.restored(read_json(text))
        hold_to_schema(value, self._call.schema)
        invented = self._masking.invented(text) if self._model.masks else ()
        problems = [f"placeholders: {one} stands for nothing in the data" for one in invented]
        hold_to_checks(problems + self._call.checks(value))
        return value

    def _send_back(self, text: str, problems: list[str]) -> None:
        wrong = "\n".join(f"- {self._hidden(problem)}" for problem in problems)
        self._messages += [
            {"role": "assistant", "content": text[:_MOST_SENT_BACK]},
            {
                "role": "user",
                "content": f"This answer cannot be taken:\n{wrong}\nAnswer again with one JSON value of the schema.",
            },
        ]

    def _hidden(self, text: str) -> str:
        return self._masking.mask(text) if self._model.masks else text

    def _failed(self, kind: ModelFailure, why: str) -> ModelFailedError:
        use = self._use(ModelOutcome.FELL_BACK, failure=kind, why=why)
        return ModelFailedError(kind, why, use, self._transcript())

    def _transcript(self) -> Transcript:
        answers: list[JsonValue] = list(self._answers)
        return Transcript(self._sent[-1] if self._sent else b"", canonical_bytes(answers) if answers else b"")

    def _use(self, outcome: ModelOutcome, **more: Any) -> ModelUse:
        price, transcript = self._model.price, self._transcript()
        return ModelUse(
            role=self._call.role,
            model=self._model.name,
            outcome=outcome,
            attempts=len(self._sent),
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            seconds=round(asyncio.get_running_loop().time() - self._begun, 3),
            cost_micros=cost_micros(self._tokens_in, self._tokens_out, price) if price else 0,
            currency=price.currency if price else "",
            prompt=self._call.prompt,
            question=_digest(transcript.question),
            answer=_digest(transcript.answer),
            **more,
        )


def _refuse_what_is_no_answer(heard: Heard) -> None:
    if heard.refusal or heard.finish == "content_filter":
        raise ExchangeError(ModelFailure.REFUSAL, "the model refused to answer")
    if heard.finish == "length":
        raise ExchangeError(
            ModelFailure.CUT_OFF, "the answer was cut at its most tokens; raise answer_tokens"
        )
    if not heard.finish:
        raise ExchangeError(ModelFailure.CUT_OFF, "the answer stopped before its end")
    if not heard.text.strip():
        raise ExchangeError(ModelFailure.EMPTY, "the answer is empty")


def _digest(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest() if document else ""
