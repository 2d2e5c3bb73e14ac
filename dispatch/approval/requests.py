"""Builds approval requests: for held actions, for routing, for sorting, and for requests the desk could not settle."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import zip_longest

from pydantic import JsonValue, ValidationError

from dispatch.approval.decision_text import UnreadableError, read_decision
from dispatch.models.canonical import digest_of
from dispatch.models.declared.actions import DeclaredAction
from dispatch.models.declared.parameters import ParameterSpec
from dispatch.models.money import Money
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.request.item import OTHER, Item
from dispatch.models.work.approval_policy import NO_APPROVAL
from dispatch.models.work.examples import NONE
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guardian import GuardDecision, GuardResult
from dispatch.models.work.guidance import RespondPurpose
from dispatch.models.work.playbook import Playbook, Tier, Waiting
from dispatch.models.work.proposal import BoundAction, Proposal

OF_ACTIONS = (DecisionType.APPROVE, DecisionType.EDIT, DecisionType.REJECT, DecisionType.RESPOND)
OF_ROUTING = (DecisionType.ROUTE, DecisionType.REJECT)
OF_SORTING = (DecisionType.SORT, DecisionType.REJECT)
OF_SETTLEMENT = (DecisionType.SETTLE, DecisionType.LEAVE)
"""The verbs of each gate; the most frequent one first."""
GUIDANCE_REPEATED = "guidance.repeated"
"""The standard that is broken by a text that repeats internal guidance."""
_SHOWN = 200


def request_approval(
    proposal: Proposal,
    guard_results: Sequence[GuardResult],
    playbook: Playbook,
    opened_at: datetime,
    approved: Collection[str] = (),
    exceptions: Iterable[ReviewException] = (),
) -> tuple[ApprovalRequest, Waiting] | None:
    """Return the gate for the held actions, with the waiting of the riskiest tier among them; None if none is held.

    `approved` are the digests of what was approved at an earlier gate. What the guardian allows comes last: the gate does
    not wait for it, and it may be edited or rejected as long as it is open.
    """
    policy = playbook.guardian
    left = [(b, v) for b, v in zip(proposal.actions, guard_results, strict=True) if b.digest not in approved]
    held = [(b, v) for b, v in left if v.decision is GuardDecision.HOLD]
    if not held:
        return None
    tiers = list(Tier)
    riskiest = max((v.tier for _, v in held), key=tiers.index)
    waiting = policy.tiers[riskiest].waiting
    if waiting is None:
        raise ValueError(f"tier {riskiest} holds an action and names nobody to decide on it")
    waiting = playbook.timed(waiting)
    own = any(v.approvers for _, v in held)
    repeats = next((e.text for e in exceptions if e.standard == GUIDANCE_REPEATED), "")
    items = tuple(
        ApprovalItem(
            name=b.action.name,
            key=f"{b.action.name}/{b.action.subject}",
            title=b.view.title if b.view is not None else "",
            digest=b.digest,
            tier=v.tier,
            approval=policy.tiers[v.tier].approval if v.decision is GuardDecision.HOLD else NO_APPROVAL,
            approvers=(v.approvers or waiting.approvers) if own and v.decision is GuardDecision.HOLD else (),
            amount=price_of(b),
            editable=policy.actions[b.action.name].editable,
            parameters=_declared_parameters(b),
            choices={
                name: spec.choices
                for name, spec in _declared_parameters(b).items()
                if spec.choices and name in policy.actions[b.action.name].editable
            },
            most=v.most,
            summary=f"{b.action.name} on {b.action.subject} ({v.tier}): {b.action.why}",
            must_change=repeats if proposal.delivers(b) else "",
        )
        for b, v in (*held, *((b, v) for b, v in left if v.decision is GuardDecision.ALLOW))
    )
    why = "; ".join(reason.text for _, v in held for reason in v.reasons)
    if own:
        waiting = waiting.model_copy(update={"approvers": _all_approvers(items)})
    request = _gate(ApprovalKind.APPROVAL, proposal.proposal_id, items, OF_ACTIONS, waiting, opened_at, why)
    return request.model_copy(
        update={
            "delivery": proposal.delivery,
            "purposes": _purposes(playbook),
            "usable": playbook.uses_guidance,
        }
    ), waiting


def _declared_parameters(bound: BoundAction) -> dict[str, ParameterSpec]:
    try:
        return DeclaredAction.model_validate(bound.action.declared).http_call.parameters
    except ValidationError:
        return {}  # with a coded class, or from a version with another declaration


def _all_approvers(items: Sequence[ApprovalItem]) -> tuple[str, ...]:
    """Return the approvers of all items in turns: the first of each, then the second of each."""
    turns = zip_longest(*(item.approvers for item in items))
    return tuple(dict.fromkeys(name for turn in turns for name in turn if name is not None))


def _purposes(playbook: Playbook) -> tuple[RespondPurpose, ...]:
    """Return for what a proposal of this desk may be sent back: only what it writes can be changed, only whom it contacts be asked."""
    possible = {
        RespondPurpose.CHANGE_DRAFT: playbook.deliver is not None,
        RespondPurpose.CHANGE_ACTION: True,
        RespondPurpose.ASK_REQUESTER: playbook.contact is not None,
    }
    return tuple(purpose for purpose, can in possible.items() if can)


def price_of(bound: BoundAction) -> Money | None:
    """Return the amount of an action from its class."""
    return bound.view.amount if bound.view is not None else None


def request_routing(
    request_id: str, desks: tuple[str, ...], waiting: Waiting, opened_at: datetime, why: str, n: int
) -> ApprovalRequest:
    """Return the gate that asks a person for the desk: route with {'desk': NAME}, or reject."""
    item = ApprovalItem(
        name="route",
        digest=digest_of({"route": request_id, "attempt": n}),
        tier=Tier.MEDIUM,
        editable=("desk",),
        choices={"desk": desks},
        summary=f"which desk takes this ({', '.join(desks)})",
    )
    return _gate(ApprovalKind.ROUTING, f"route-{n}", (item,), OF_ROUTING, waiting, opened_at, why)


def request_sorting(
    request_id: str, items: tuple[Item, ...], intents: tuple[str, ...], waiting: Waiting, opened_at: datetime
) -> ApprovalRequest:
    """Return the gate that asks a person what items ask: sort with {ITEM: INTENT}, or reject.

    The choices begin with the classifier's likely intents; 'other' hands the request to a person.
    """
    choices = {item.item_id: tuple(dict.fromkeys((*_likely(item), *intents, OTHER))) for item in items}
    asked = "; ".join(
        f"{' or '.join(_likely(item)).replace('_', ' ')}: {item.text[:_SHOWN]!r}" for item in items
    )
    gate_item = ApprovalItem(
        name="sort",
        digest=digest_of({"sort": request_id, "items": [item.item_id for item in items]}),
        tier=Tier.MEDIUM,
        editable=tuple(choices),
        choices=choices,
        summary=f"what is asked; {asked}",
    )
    why = "neither rules nor models tell surely enough what is asked"
    return _gate(ApprovalKind.ROUTING, "sort-1", (gate_item,), OF_SORTING, waiting, opened_at, why)


def _likely(item: Item) -> tuple[str, ...]:
    """Return what it may be, the likeliest first; without candidates, what the rules take it for."""
    likely = (OTHER if one.intent == NONE else one.intent for one in item.candidates)
    return tuple(dict.fromkeys(likely)) or (item.kind,)


def request_settlement(
    request_id: str, what: str, waiting: Waiting, opened_at: datetime, why: str
) -> ApprovalRequest:
    """Return the gate that hands a request to a person: settle says that it has been settled, and how; leave, that it is not."""
    item = ApprovalItem(
        name="settle",
        digest=digest_of({"settle": request_id, "what": what}),
        tier=Tier.MEDIUM,
        summary=f"{what}: {why}",
    )
    return _gate(ApprovalKind.ESCALATION, "settle-1", (item,), OF_SETTLEMENT, waiting, opened_at, why)


def precheck(approval_request: ApprovalRequest, raw: JsonValue, seen: Sequence[str] = ()) -> str | None:
    """Return why a raw decision cannot be for this gate, from any sender; None if it may be.

    `seen` are ids of earlier decisions. The checks need no activity, so a flood of messages is cheap and cannot displace
    a decision that names an open item.
    """
    try:
        decision = read_decision(raw)
    except UnreadableError as error:
        return str(error)
    if decision.decision_id in seen:
        return f"duplicate: decision {decision.decision_id} was received before"
    if decision.proposal_id != approval_request.proposal_id:
        return f"stale: names proposal {decision.proposal_id}, but {approval_request.proposal_id} waits"
    if all(item.digest != decision.action_digest for item in approval_request.items):
        return f"names no action that waits here: digest {decision.action_digest}"
    return None


def decision_by_hand(
    approval_request: ApprovalRequest, item: ApprovalItem, approver: str, at: datetime
) -> dict[str, JsonValue] | None:
    """Return the `decide` signal that a person may paste for an item; None if it must be signed.

    It is the gate's first decision type, issued `at`; its id is the same each time, so that what was pasted twice is one
    decision. It is in the name of `approver` where a role's own name decides; elsewhere the person's name takes the
    place of NAME. Where several people must approve, nobody can paste it.
    """
    if item.approval.needs_listed_people:
        return None
    decision_type = approval_request.decision_types[0]
    decision = Decision(
        decision_id=f"by-hand-{approval_request.proposal_id}-{item.digest[:8]}",
        proposal_id=approval_request.proposal_id,
        action_digest=item.digest,
        decision_type=decision_type,
        edits={name: values[0] for name, values in item.choices.items()} if decision_type.sets_values else {},
        approver=name_to_type(approval_request, item, approver),
        issued_at=at.replace(microsecond=0),
    )
    plain: dict[str, JsonValue] = decision.model_dump(mode="json", exclude_none=True)
    return plain if decision.edits else {name: value for name, value in plain.items() if name != "edits"}


def next_command(request_id: str, approval_request: ApprovalRequest, item: ApprovalItem, owner: str) -> str:
    """Return the command for an item, with the verb of its gate."""
    verb = approval_request.decision_types[0]
    if verb is DecisionType.ROUTE:
        chosen = [item.choices["desk"][0]]
    else:
        chosen = [f"{name}={choices[0]}" for name, choices in item.choices.items()]
    who = name_to_type(approval_request, item, owner)
    return " ".join(["dispatch", verb, request_id, *chosen, "--as", who])


def name_to_type(approval_request: ApprovalRequest, item: ApprovalItem, owner: str) -> str:
    """Return the name for a decision's command: the owner's if a role's own name may decide, else NAME.

    The holders of a role are unknown here: the approvers file is not in history, and may change.
    """
    return owner if approval_request.role_names and not item.approval.needs_listed_people else "NAME"


def _gate(
    kind: ApprovalKind,
    proposal_id: str,
    items: tuple[ApprovalItem, ...],
    decision_types: tuple[DecisionType, ...],
    waiting: Waiting,
    opened_at: datetime,
    why: str,
) -> ApprovalRequest:
    return ApprovalRequest(
        kind=kind,
        proposal_id=proposal_id,
        items=items,
        decision_types=decision_types,
        approvers=waiting.approvers,
        role_names=waiting.role_names,
        opened_at=opened_at,
        deadline=opened_at + waiting.deadline,
        why=why,
    )
