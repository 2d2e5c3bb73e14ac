"""A question to the scripted server, as a desk would ask it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from pydantic import JsonValue, SecretStr

from dispatch.forms import DataBlock
from dispatch.language_models.calls import ModelCall, ModelFailedError, ModelReply
from dispatch.language_models.client import LanguageModels
from dispatch.language_models.models_file import LanguageModel, Timeouts
from tests.language_models.scripted_server import ScriptedServer

SCHEMA: Final = {
    "type": "object",
    "properties": {"boat": {"enum": ["kayak", "canoe"]}, "days": {"type": "integer", "minimum": 1}},
    "required": ["boat", "days"],
    "additionalProperties": False,
}
RIGHT: Final = {"boat": "kayak", "days": 2}
MAIL: Final = "Can I rent a kayak for two days?"


def model(server: ScriptedServer, *, first: float = 1.0, total: float = 3.0, **more: Any) -> LanguageModel:
    """Return a model behind the server, impatient so that tests are quick."""
    timeouts = Timeouts(
        connect=timedelta(seconds=1), first_token=timedelta(seconds=first), total=timedelta(seconds=total)
    )
    return LanguageModel.model_validate(
        {"name": "small", "url": server.url, "id": "m-1", "timeouts": timeouts, **more}
    )


def no_problem(_value: JsonValue) -> list[str]:
    return []


async def ask(
    server: ScriptedServer,
    *,
    checks: Callable[[JsonValue], list[str]] = no_problem,
    repairs: int = 1,
    data: Sequence[str] = (MAIL,),
    names: tuple[str, ...] = (),
    schema: Any = SCHEMA,
    **more: Any,
) -> ModelReply:
    """Ask, and return what came of it."""
    asked = model(server, **more)
    call = ModelCall(
        model="small",
        role="boats",
        system="Say which boat is wanted, and for how many days.",
        data=tuple(DataBlock("mail", text) for text in data),
        schema=schema,
        checks=checks,
        max_repairs=repairs,
        names=names,
    )
    async with LanguageModels({"small": asked}, {"small": SecretStr("k-1")}) as models:
        return await models.ask(call)


async def failed(server: ScriptedServer, **more: Any) -> ModelFailedError:
    """Ask, and return why there is no answer."""
    try:
        reply = await ask(server, **more)
    except ModelFailedError as error:
        return error
    raise AssertionError(f"it was answered: {reply}")
