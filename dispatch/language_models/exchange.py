"""One exchange with an OpenAI-compatible server: messages out, one text back, and what each way of failing means.

The only module that imports `openai` (35 MB, most of a second), so nothing imports this one before a model is asked.
The answer is streamed where the server can: the time to the first token is bounded apart, and progress is seen.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import httpx
import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import Choice as ChunkChoice
from pydantic import JsonValue, SecretStr

from dispatch.hosts.transport import AnswerTooLargeError, RefusedHostError, guarded_client
from dispatch.http import USER_AGENT, bounded, retry_after
from dispatch.language_models.models_file import LanguageModel
from dispatch.models.work.model_use import ModelFailure

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of an answer with the envelope of each of its tokens, about 300 bytes: more than 10,000 tokens."""
MOST_CHARS: Final = 200_000
"""Of the text in it."""
_CHARS_A_TOKEN: Final = 4
"""Of a language with Latin letters; where a server does not count, and to see that a question cannot fit."""
_OVERFLOW: Final = {"context_length_exceeded", "exceed_context_size_error"}
_SENT_HEADERS: Final = (
    "host",
    "authorization",
    "accept",
    "accept-encoding",
    "content-type",
    "content-length",
)

_LATER: Final[dict[int, tuple[ModelFailure, str]]] = {
    429: (ModelFailure.RATE_LIMITED, "the server takes no more questions now (429)"),
    503: (ModelFailure.SERVER_ERROR, "the server does not work now (503)"),
}
_REFUSED: Final[dict[int, tuple[ModelFailure, str]]] = {
    401: (ModelFailure.SERVER_ERROR, "the server does not accept the key (401)"),
    403: (ModelFailure.SERVER_ERROR, "the server does not accept the key (403)"),
    404: (ModelFailure.MISSING_MODEL, "the server does not know the model (404)"),
}
_MOST_TOKENS: Final = 100_000_000
_PARTS_BESIDE: Final = 100
_OTHER_FORM: Final = "its answer is not of the form of OpenAI's API"
_SENT: ContextVar[list[bytes] | None] = ContextVar("_SENT", default=None)

# It logs whole questions at the level 'debug', and texts of customers are in no log.
logging.getLogger("openai").setLevel(logging.WARNING)


class ExchangeError(Exception):
    """The exchange gave no text; `again` says whether another try may help, `retry_after` when the server says."""

    def __init__(
        self, kind: ModelFailure, why: str, *, again: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(why)
        self.kind, self.why, self.again, self.retry_after = kind, bounded(why), again, retry_after


@dataclass
class Heard:
    """What came of an exchange so far; whole once `finish` is set."""

    most_parts: int
    text: str = ""
    refusal: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    choices: int = 0
    is_counted: bool = False
    """Whether the server counted the tokens; otherwise they are estimated."""
    seconds_to_first: float = 0.0
    seconds: float = 0.0

    def take(self, text: str | None, refusal: str | None, finish: str | None) -> None:
        self.choices += 1
        self.text += text or ""
        self.refusal += refusal or ""
        self.finish = finish or self.finish
        if len(self.text) > MOST_CHARS or self.choices > self.most_parts:
            raise ExchangeError(ModelFailure.TOO_LARGE, "the answer is longer than it may be")


class Server:
    """The connection to one model's server, over the guarded client; `sent` collects each body, byte for byte."""

    def __init__(self, model: LanguageModel, key: SecretStr) -> None:
        self._model = model
        first = model.timeouts.first_token.total_seconds()
        self.http = guarded_client(
            allow=model.allow,
            timeout=httpx.Timeout(first, connect=model.timeouts.connect.total_seconds()),
            most_bytes=MOST_BYTES,
            event_hooks={"request": [_only_what_is_needed]},
        )
        self._openai = openai.AsyncOpenAI(
            api_key=key.get_secret_value() or "none",
            base_url=model.url,
            # Its own retries would not be counted, and not be bounded by the deadline.
            max_retries=0,
            http_client=cast("Any", self.http),
        )

    async def close(self) -> None:
        await self.http.aclose()

    async def models(self) -> list[str]:
        """Return the ids that the server lists. Raises ExchangeError."""
        try:
            return [one.id for one in (await self._openai.models.list()).data]
        except (openai.OpenAIError, httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
            raise failure_of(error) from None

    async def exchange(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, JsonValue] | None,
        *,
        sent: list[bytes],
        progress: Callable[[int], None],
        most_tokens: int | None = None,
    ) -> Heard:
        """Send the messages and return the whole answer. Raises ExchangeError; the caller bounds the time as a whole."""
        loop = asyncio.get_running_loop()
        # A part is a token or more: a server that sends more of them does not keep to max_tokens.
        heard = Heard(most_parts=2 * (most_tokens or self._model.answer_tokens) + _PARTS_BESIDE)
        begun, token = loop.time(), _SENT.set(sent)
        try:
            async with asyncio.timeout(self._model.timeouts.first_token.total_seconds()) as first:
                async with aclosing(self._parts(messages, schema, most_tokens)) as parts:
                    async for part in parts:
                        _take(heard, part)
                        if heard.choices:
                            first.reschedule(None)
                        if heard.text and not heard.seconds_to_first:
                            heard.seconds_to_first = loop.time() - begun
                        progress(heard.choices)
        except TimeoutError:
            raise ExchangeError(ModelFailure.TIMEOUT, "no word of an answer came in time") from None
        except (openai.OpenAIError, httpx.HTTPError, ValueError) as error:
            raise failure_of(error) from None
        finally:
            _SENT.reset(token)
        heard.seconds = loop.time() - begun
        return _whole(heard, messages)

    async def _parts(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, JsonValue] | None,
        most_tokens: int | None,
    ) -> AsyncGenerator[ChatCompletionChunk | ChatCompletion]:
        form = {"name": "answer", "strict": True, "schema": dict(schema)} if schema is not None else None
        stream = await self._openai.chat.completions.create(
            model=self._model.id,
            messages=cast("Any", list(messages)),
            temperature=0,
            max_tokens=most_tokens or self._model.answer_tokens,
            stream=True,
            stream_options={"include_usage": True},
            response_format=cast(
                "Any", {"type": "json_schema", "json_schema": form} if form else openai.omit
            ),
        )
        response = cast("httpx.Response", stream.response)
        try:
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if media_type == "text/event-stream":
                async for chunk in stream:
                    yield chunk
            elif media_type == "application/json":
                # A server that does not stream.
                yield ChatCompletion.model_validate_json(await response.aread())
            else:
                raise ExchangeError(
                    ModelFailure.NOT_A_MODEL_SERVER,
                    f"it answered with {media_type or 'no type'}, not with an answer",
                )
        finally:
            await response.aclose()


async def _only_what_is_needed(request: httpx.Request) -> None:
    """Keep what an exchange needs: the client's own headers name machine, system and versions."""
    kept = {name: request.headers[name] for name in _SENT_HEADERS if name in request.headers}
    request.headers = httpx.Headers({**kept, "user-agent": USER_AGENT})
    sent = _SENT.get()
    if sent is not None:
        sent.append(request.content)


def _take(heard: Heard, part: ChatCompletionChunk | ChatCompletion) -> None:
    """Add a part to what was heard; `openai` builds its types without validating, so anything may be in them."""
    try:
        for choice in part.choices[:1]:
            said = choice.delta if isinstance(choice, ChunkChoice) else choice.message
            heard.take(said.content, said.refusal, choice.finish_reason)
        if part.usage is not None:
            heard.tokens_in, heard.tokens_out = part.usage.prompt_tokens, part.usage.completion_tokens
    except (TypeError, AttributeError):
        raise ExchangeError(ModelFailure.NOT_A_MODEL_SERVER, _OTHER_FORM) from None


def _whole(heard: Heard, messages: Sequence[Mapping[str, str]]) -> Heard:
    """Return what was heard where it is a whole answer; raises ExchangeError."""
    if not heard.choices:
        raise ExchangeError(ModelFailure.NOT_A_MODEL_SERVER, "its answer holds no choice of a model")
    heard.is_counted = _is_count(heard.tokens_in) and _is_count(heard.tokens_out)
    if not heard.is_counted:
        heard.tokens_in = sum(tokens_of(one["content"]) for one in messages)
        heard.tokens_out = tokens_of(heard.text)
    return heard


def _is_count(tokens: object) -> bool:
    """Check what the server said: it may be nothing, or anything."""
    return isinstance(tokens, int) and not isinstance(tokens, bool) and 0 < tokens <= _MOST_TOKENS


def tokens_of(text: str) -> int:
    """Estimate how many tokens a text has, where a server does not count them."""
    return len(text) // _CHARS_A_TOKEN + 1


def failure_of(error: Exception) -> ExchangeError:
    """Return what an error of the client means; its own words may hold the question and are left out."""
    link: BaseException | None = error
    while link is not None:
        if found := _of_the_connection(link):
            return found
        link = link.__cause__ or link.__context__
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, error.body, error.response.headers.get("Retry-After"))
    if isinstance(error, openai.APIConnectionError | httpx.HTTPError):
        return ExchangeError(
            ModelFailure.UNREACHABLE, "the connection broke before the answer was whole", again=True
        )
    if type(error) is openai.APIError:
        return _overflow(error.body) or ExchangeError(
            ModelFailure.SERVER_ERROR, "the server reported an error within its answer", again=True
        )
    return ExchangeError(ModelFailure.NOT_A_MODEL_SERVER, _OTHER_FORM)


def _of_the_connection(error: BaseException) -> ExchangeError | None:
    if isinstance(error, ExchangeError):
        return error
    if isinstance(error, RefusedHostError):
        return ExchangeError(
            ModelFailure.REFUSED_HOST, f"{error}; list it under allow, or name another server"
        )
    if isinstance(error, AnswerTooLargeError):
        return ExchangeError(ModelFailure.TOO_LARGE, str(error))
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return ExchangeError(ModelFailure.UNREACHABLE, "the server was not reached", again=True)
    if isinstance(error, httpx.ReadTimeout):
        return ExchangeError(ModelFailure.TIMEOUT, "the server fell silent")
    return None


def _of_status(status: int, body: object, after: str | None) -> ExchangeError:
    if status in _LATER:
        kind, why = _LATER[status]
        return ExchangeError(kind, why, again=True, retry_after=retry_after(after))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ExchangeError(ModelFailure.SERVER_ERROR, f"the server failed ({status})", again=True)
    if status in _REFUSED and isinstance(body, Mapping):
        return ExchangeError(*_REFUSED[status])
    if isinstance(body, Mapping):
        refused = f"the server refused the question ({status})"
        return _overflow(body) or ExchangeError(ModelFailure.SERVER_ERROR, refused)
    return ExchangeError(
        ModelFailure.NOT_A_MODEL_SERVER, f"it answered {status} without an error of OpenAI's API"
    )


def _overflow(body: object) -> ExchangeError | None:
    if isinstance(body, Mapping) and {str(body.get("code")), str(body.get("type"))} & _OVERFLOW:
        return ExchangeError(ModelFailure.CONTEXT_OVERFLOW, "the question is longer than the model's context")
    return None
