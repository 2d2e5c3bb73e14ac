"""Receives a decision: bound to what the form showed, forwarded unchanged, and answered with its result."""

import re
from typing import Final

from pydantic import JsonValue, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dispatch.approval.signing import signed_text
from dispatch.models.errors import AmountError, DispatchError, RequestClosedError, WorkerUnavailableError
from dispatch.models.money import read_figure
from dispatch.models.people.approvers import ApproverKey
from dispatch.models.people.decision import Decision, DecisionType
from dispatch.models.work.guidance import RespondPurpose
from inbox.context import Context
from inbox.signing_keys import KeyProblemError, sign_with_held_key, usable_keys, with_signature
from inbox.view_models import ShownAction, shown
from inbox.web import (
    Person,
    Said,
    address_of,
    context_of,
    form_of,
    go_on,
    person_of,
    render,
    request_path,
    signed_in,
    text_in,
)
from runtime.gateway_types import DecisionOutcome, decision_for

_ID: Final = re.compile(r"d-[0-9a-f]{16}")
MOST_TOGETHER: Final = 20
"""The most actions of one request that are approved together."""
_UNSENT: Final = "Not sent"


@signed_in
async def decide(request: Request) -> Response:
    """Send a decision that needs no signature, or show the exact decision for signing."""
    context, form, person = context_of(request), await form_of(request), person_of(request)
    request_id = request.path_params["request_id"]
    here = request_path(context, request_id)
    if (too_many := _too_many(request, context, here)) is not None:
        return too_many
    try:
        decision = _decision(form, person)
    except DispatchError as error:
        return go_on(request, here, Said("refused", _UNSENT, f"{error}."))
    if text_in(form, "signed") == "1":
        return await _to_sign(request, context, request_id, decision, person, text_in(form, "key_id"))
    return await _send(request, context, request_id, decision)


@signed_in
async def approve_together(request: Request) -> Response:
    """Approve each shown action by a separate decision, in their order, until one is refused."""
    context, form, person = context_of(request), await form_of(request), person_of(request)
    request_id = request.path_params["request_id"]
    here = request_path(context, request_id)
    if (too_many := _too_many(request, context, here)) is not None:
        return too_many
    proposal, reason = text_in(form, "proposal_id")[:100], text_in(form, "reason").strip()[:4000]
    digests = [digest for digest in form.getlist("digest") if isinstance(digest, str)][:MOST_TOGETHER]
    said: list[DecisionOutcome] = []
    try:
        for digest in digests:
            decision = decision_for(DecisionType.APPROVE, person.name, proposal, digest[:64], reason)
            said.append(await context.desk.decide(request_id, decision))
            if not said[-1].accepted:
                break
    except WorkerUnavailableError:
        return go_on(
            request,
            here,
            Said("refused", _UNSENT, f"No worker answers now; {len(said)} of {len(digests)} were approved."),
        )
    except RequestClosedError:
        return go_on(request, here, _late())
    finally:
        context.waiting.doubt()
    good = sum(one.accepted for one in said)
    if not said or good < len(digests):
        why = said[-1].reason if said else "nothing was named"
        return go_on(request, here, Said("refused", f"{good} of {len(digests)} approved", f"{why}."))
    return go_on(request, here, Said("recorded", f"{good} approved", said[-1].follows))


def _too_many(request: Request, context: Context, here: str) -> Response | None:
    """Return the answer for an address that has reached its limit of decisions; None for any other."""
    wait = context.limits.sending.wait_seconds(address_of(request))
    if not wait:
        return None
    said = Said("refused", _UNSENT, f"Too many decisions; wait {wait} seconds and send it again.")
    return go_on(request, here, said)


@signed_in
async def sign(request: Request) -> Response:
    """Send the shown decision, signed here with the held key or elsewhere with the approver's own."""
    context, form, person = context_of(request), await form_of(request), person_of(request)
    request_id = request.path_params["request_id"]
    here = request_path(context, request_id)
    try:
        decision = Decision.model_validate_json(text_in(form, "decision"))
    except ValidationError:
        raise HTTPException(400, "The decision cannot be read; nothing was sent. Start again.") from None
    if decision.approver != person.name:
        raise HTTPException(403, "This decision is in another person's name; nothing was sent.")
    key = next((k for k in usable_keys(person.listed, context.now()) if k.key_id == decision.key_id), None)
    try:
        if text_in(form, "way") == "held":
            signed = await sign_with_held_key(
                context, person.name, key, decision, text_in(form, "passphrase")
            )
        else:
            signed = with_signature(key, decision, text_in(form, "signature"))
    except KeyProblemError as error:
        return await _sign_page(
            request, context, request_id, decision, key, person, wrong=f"{error}.", status=400
        )
    except DispatchError as error:
        return go_on(request, here, Said("refused", _UNSENT, f"{error}."))
    return await _send(request, context, request_id, signed)


def _decision(form: FormData, person: Person) -> dict[str, JsonValue]:
    """Build the decision from the form, with the proposal and digest that were shown, never the newest ones.

    Raises AmountError, or DispatchError if nothing was decided.
    """
    # One button sets both the decision type and, for a response, the purpose.
    pressed, _, purpose = text_in(form, "decision_type").partition(":")
    try:
        decision_type = DecisionType(pressed)
    except ValueError:
        raise DispatchError("No decision was chosen; use one of the buttons") from None
    edits = _edits(form) if decision_type.sets_values else {}
    if decision_type is DecisionType.EDIT and not edits:
        raise DispatchError(
            "Nothing was changed, so there is no edit to send; change a field, or approve as it is"
        )
    decision = decision_for(
        decision_type,
        person.name,
        text_in(form, "proposal_id")[:100],
        text_in(form, "digest")[:64],
        text_in(form, "reason").strip()[:4000],
        edits,
        purpose=purpose,
        **_texts_for_requester(form, decision_type, purpose),
    )
    shown_id = text_in(form, "decision_id")
    # The form's own id makes a second click the same decision, refused as received before.
    return decision | ({"decision_id": shown_id} if _ID.fullmatch(shown_id) else {})


def _texts_for_requester(form: FormData, decision_type: DecisionType, purpose: str) -> dict[str, str]:
    """Return the text for the requester; texts in the fields of other buttons are ignored."""
    if decision_type is DecisionType.REJECT:
        return {"reason_for_requester": text_in(form, "reason_for_requester").strip()[:2000]}
    asks = purpose == RespondPurpose.ASK_REQUESTER
    return {"question": text_in(form, "question").strip()[:2000]} if asks else {}


def _edits(form: FormData) -> dict[str, JsonValue]:
    """Return the changed fields, each in the type of its parameter."""
    edits: dict[str, JsonValue] = {}
    for key in form:
        if not key.startswith("field."):
            continue
        name = key.removeprefix("field.")
        typed, before = text_in(form, key), text_in(form, f"was.{name}")
        kind, currency = text_in(form, f"kind.{name}"), text_in(form, f"currency.{name}")
        if typed == before and kind != "choice":
            continue
        if kind == "amount" and re.fullmatch(r"[A-Z]{3}", currency):
            edits[name] = read_figure(typed, currency)
        elif kind == "number":
            if not re.fullmatch(r"-?\d{1,15}", typed.strip()):
                raise AmountError(f"{typed.strip()[:20]!r} is no whole number; write digits only")
            edits[name] = int(typed)
        else:
            edits[name] = typed
    return edits


async def _to_sign(
    request: Request,
    context: Context,
    request_id: str,
    decision: dict[str, JsonValue],
    person: Person,
    key_id: str,
) -> Response:
    keys = usable_keys(person.listed, context.now())
    key = next((k for k in keys if k.key_id == key_id), keys[0] if keys else None)
    if key is None:
        return go_on(
            request,
            request_path(context, request_id),
            Said(
                "refused",
                _UNSENT,
                "This tier requires a signature, and you have no public key; see 'Your keys'.",
            ),
        )
    try:
        whole = Decision.model_validate(decision | {"key_id": key.key_id})
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        return go_on(
            request,
            request_path(context, request_id),
            Said("refused", _UNSENT, f"{where}: {error.errors()[0]['msg']}."),
        )
    return await _sign_page(request, context, request_id, whole, key, person)


async def _sign_page(
    request: Request,
    context: Context,
    request_id: str,
    decision: Decision,
    key: ApproverKey | None,
    person: Person,
    *,
    wrong: str = "",
    status: int = 200,
) -> Response:
    return render(
        request,
        "sign.html",
        status,
        decision=decision,
        exact=signed_text(decision),
        # The form returns the decision itself: the signed text omits defaults and adds the schema id.
        carried=decision.model_dump_json(exclude={"signature"}),
        key=key,
        held=key is not None and context.keys.has(person.name, key.key_id),
        here=request_path(context, request_id),
        request_id=request_id,
        action=await _stands_for(context, request_id, decision, person),
        wrong=wrong,
    )


async def _stands_for(
    context: Context, request_id: str, decision: Decision, person: Person
) -> ShownAction | None:
    """Return the action with the decision's digest; None if it no longer waits or no worker answers."""
    try:
        view = shown(await context.desk.request_detail(request_id), person.name, person.names)
    except WorkerUnavailableError:
        return None
    return next((action for action in view.actions if action.digest == decision.action_digest), None)


async def _send(
    request: Request, context: Context, request_id: str, decision: dict[str, JsonValue]
) -> Response:
    """Send the decision and return to the request's page, which shows the result."""
    here = request_path(context, request_id)
    try:
        said = await context.desk.decide(request_id, decision)
    except WorkerUnavailableError:
        try:
            await context.desk.signal(request_id, "decide", decision)
        except RequestClosedError:
            return go_on(request, here, _late())
        text = "No worker answers now. Your decision is in the request's history and is evaluated when one runs; the trail shows the result."
        return go_on(request, here, Said("kept", "Left for the desk", text))
    except RequestClosedError:
        return go_on(request, here, _late())
    finally:
        context.waiting.doubt()
    if said.kept:
        return go_on(request, here, Said("kept", "Kept", f"{said.reason}."))
    if not said.accepted:
        return go_on(
            request,
            here,
            Said(
                "refused",
                "Refused by the desk",
                f"{said.reason}. The refusal is in the trail; nothing was done.",
            ),
        )
    return go_on(request, here, Said("recorded", "Recorded", f"{said.reason}. {said.follows}".rstrip()))


def _late() -> Said:
    return Said(
        "refused", "Too late", "The request has ended meanwhile; nothing was changed by your decision."
    )
