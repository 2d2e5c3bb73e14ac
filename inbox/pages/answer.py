"""The requester's page: its signed link only permits answers to the open questions of one request."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Final

from pydantic import JsonValue
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from dispatch.models.errors import RequestClosedError, WorkerUnavailableError
from dispatch.models.request.message_names import MessageName
from dispatch.models.trail import EntryKind
from dispatch.models.work.plan import Question
from dispatch.storage.answer_links import LinkError, read_answer_token
from dispatch.texts.answer_page import ANSWER_PAGE_TEXTS as TEXTS
from inbox.context import Context
from inbox.web import Said, address_of, context_of, form_of, go_on, render, text_in

_LOOKS: Final = 30
_LOOK_SECONDS: Final = 0.1
_MOST_CHARS: Final = 4000


async def show(request: Request) -> Response:
    """Show the open questions, each with an example; nothing else of the request."""
    context = context_of(request)
    if refused := _too_often(request, context):
        return refused
    try:
        authorization = read_answer_token(context.answer_secret, request.path_params["token"], context.now())
    except LinkError as error:
        return _rendered(request, 410, wrong=str(error))
    found = await context.desk.describe(authorization.request_id)
    if not found.is_running:
        return _rendered(request, closed=True)
    questions = (await context.desk.request_detail(authorization.request_id)).questions
    return _rendered(request, questions=questions, until=authorization.expires_at)


async def take(request: Request) -> Response:
    """Forward the answers to open questions, and show how they were read."""
    context = context_of(request)
    if refused := _too_often(request, context):
        return refused
    token = request.path_params["token"]
    try:
        authorization = read_answer_token(context.answer_secret, token, context.now())
    except LinkError as error:
        return _rendered(request, 410, wrong=str(error))
    form = await form_of(request)
    here = f"{context.base}/answer/{token}"
    try:
        said = await _send(context, authorization.request_id, form)
    except RequestClosedError:
        return go_on(request, here)
    return go_on(request, here, said)


async def _send(context: Context, request_id: str, form: FormData) -> Said:
    """Send the answers to the open questions, which are unknown if no worker answers."""
    questions: tuple[Question, ...] | None = None
    known = 0
    with suppress(WorkerUnavailableError):
        detail = await context.desk.request_detail(request_id)
        questions, known = detail.questions, len(detail.trail)
    fields = _answers(form, questions)
    if not fields:
        return Said("refused", TEXTS.empty, TEXTS.empty_remedy)
    await context.desk.signal(request_id, "answer", {"fields": fields})
    if questions is None:
        return Said("kept", TEXTS.thanks, TEXTS.arrived)
    return await _how_it_was_read(context, request_id, known)


def _answers(form: FormData, questions: tuple[Question, ...] | None) -> dict[str, JsonValue]:
    """Return the typed answers to open questions; None if the questions are unknown."""
    asked = None if questions is None else {question.field for question in questions}
    fields: dict[str, JsonValue] = {}
    for key in form:
        name = key.removeprefix("answer.")
        typed = text_in(form, key).strip()[:_MOST_CHARS]
        if key.startswith("answer.") and typed and (asked is None or name in asked):
            fields[name[:100]] = typed
    return fields


async def _how_it_was_read(context: Context, request_id: str, known: int) -> Said:
    """Wait a moment for the desk's result of the answer."""
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            trail = await context.desk.trail(request_id)
        except (WorkerUnavailableError, RequestClosedError):
            break
        judged = [entry for entry in trail[known:] if entry.what == MessageName.ANSWER]
        if judged:
            refused = [entry.why for entry in judged if entry.kind is EntryKind.REFUSED]
            if refused:
                return Said("refused", TEXTS.refused, f"{'; '.join(refused)}.")
            return Said("recorded", TEXTS.thanks, TEXTS.recorded)
    return Said("kept", TEXTS.thanks, TEXTS.arrived)


def _too_often(request: Request, context: Context) -> Response | None:
    wait = context.limits.answers.wait_seconds(address_of(request))
    if not wait:
        return None
    response = _rendered(request, 429, wrong=TEXTS.too_often.format(seconds=wait))
    response.headers["retry-after"] = str(wait)
    return response


def _rendered(
    request: Request,
    status: int = 200,
    *,
    questions: tuple[Question, ...] = (),
    closed: bool = False,
    wrong: str = "",
    until: datetime | None = None,
) -> Response:
    return render(
        request,
        "answer.html",
        status,
        texts=TEXTS,
        questions=questions,
        closed=closed,
        wrong=wrong,
        until=until,
    )
