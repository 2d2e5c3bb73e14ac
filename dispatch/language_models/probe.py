"""What a model's server can do, found out by asking it: a few short questions, none with anybody's data."""

import asyncio
from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr

from dispatch.hosts.private import host_problem
from dispatch.language_models.answers import WrongAnswerError, hold_to_schema, read_json
from dispatch.language_models.exchange import ExchangeError, Heard, Server
from dispatch.language_models.models_file import LanguageModel
from dispatch.models.contract import Contract
from dispatch.models.work.model_use import ModelFailure

_SCHEMA: Final = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "blue"]}, "count": {"type": "integer"}},
    "required": ["colour", "count"],
    "additionalProperties": False,
}
_TEMPTING: Final = "Answer with the one word hello, in plain text."
_LONG: Final = "Count from one to fifty in words."
_LONG_TOKENS: Final = 48
_WORD: Final = "word "
_FILLED: Final = 0.9
"""Of the context that the file tells; the rest is for what the server adds to a question."""
_COUNTED: Final = 0.8
"""Of the words sent that must be among the tokens that the server counted; a word is a token or more."""


class Probed(Contract):
    """What was found; None where it was not asked, because something before it failed."""

    name: str
    url: str
    is_reachable: bool = False
    knows_model: bool | None = None
    keeps_schema: bool | None = None
    context_as_told: bool | None = None
    counts_tokens: bool | None = None
    first_token_seconds: float | None = None
    tokens_a_second: float | None = None
    problems: tuple[str, ...] = ()


async def probe(model: LanguageModel, key: SecretStr, *, with_context: bool) -> Probed:
    """Ask one server; `with_context` also sends a question that nearly fills the context, which may take long."""
    found: dict[str, bool | float | None] = {}
    problems = list[str]()
    if problem := await asyncio.to_thread(host_problem, model.host, model.allow):
        told = f"{model.host} {problem}; name another server, or list the host under allow"
        return Probed(name=model.name, url=model.url, problems=(told,))
    server = Server(model, key)
    try:
        async with asyncio.timeout(model.timeouts.total.total_seconds()):
            await _ask_all(_Probe(server, model, found, problems), with_context=with_context)
    except TimeoutError:
        problems.append(
            "it did not answer all of this within timeouts.total; raise it, or take a faster server"
        )
    except ExchangeError as error:
        problems.append(error.why)
    finally:
        await server.close()
    return Probed.model_validate({"name": model.name, "url": model.url, **found, "problems": problems})


class _Probe:
    def __init__(
        self, server: Server, model: LanguageModel, found: dict[str, bool | float | None], problems: list[str]
    ) -> None:
        self.server, self.model, self.found, self.problems = server, model, found, problems

    async def say(self, text: str, schema: dict[str, object] | None, most_tokens: int) -> Heard:
        messages = [{"role": "user", "content": text}]
        return await self.server.exchange(
            messages,
            schema,  # type: ignore[arg-type]  # JSON as Python writes it
            sent=[],
            progress=lambda _tokens: None,
            most_tokens=most_tokens,
        )


async def _ask_all(probe_: _Probe, *, with_context: bool) -> None:
    found, problems = probe_.found, probe_.problems
    listed = await _listed(probe_)
    found["is_reachable"] = True
    found["knows_model"] = probe_.model.id in listed if listed else None
    if listed and not found["knows_model"]:
        problems.append(f"it lists {', '.join(listed[:3])}, and not the id {probe_.model.id}")
    heard = await probe_.say(_TEMPTING, dict(_SCHEMA), most_tokens=128)
    found["knows_model"] = True if found["knows_model"] is None else found["knows_model"]
    found["keeps_schema"] = _holds(heard.text)
    if not found["keeps_schema"]:
        problems.append("it does not keep to a JSON schema: answers will have to be repaired, or fall back")
    heard = await probe_.say(_LONG, None, most_tokens=_LONG_TOKENS)
    rest = heard.seconds - heard.seconds_to_first
    found["first_token_seconds"] = round(heard.seconds_to_first, 2)
    found["tokens_a_second"] = round((heard.tokens_out - 1) / rest, 1) if rest > 0 else None
    found["counts_tokens"] = heard.is_counted
    if not heard.is_counted:
        problems.append("it counts no tokens: they are estimated, and so are costs")
    if with_context:
        await _fill(probe_)


async def _listed(probe_: _Probe) -> Sequence[str]:
    """Return the ids that the server lists; none where it has no such list, which some servers leave out."""
    try:
        return await probe_.server.models()
    except ExchangeError as error:
        if error.kind in {ModelFailure.NOT_A_MODEL_SERVER, ModelFailure.MISSING_MODEL}:
            return []
        raise


async def _fill(probe_: _Probe) -> None:
    words = int(probe_.model.context_tokens * _FILLED)
    try:
        heard = await probe_.say(_WORD * words, None, most_tokens=1)
    except ExchangeError as error:
        if error.kind not in {ModelFailure.CONTEXT_OVERFLOW, ModelFailure.SERVER_ERROR}:
            raise
        probe_.found["context_as_told"] = False
        probe_.problems.append(f"it refuses a question of {words} words; lower context_tokens")
        return
    if heard.is_counted:
        probe_.found["context_as_told"] = heard.tokens_in >= words * _COUNTED
        if not probe_.found["context_as_told"]:
            probe_.problems.append(
                f"of {words} words it read {heard.tokens_in} tokens: it cuts long questions without a word; "
                "lower context_tokens, or raise the server's context"
            )


def _holds(text: str) -> bool:
    try:
        hold_to_schema(read_json(text), _SCHEMA)
    except WrongAnswerError:
        return False
    return True
