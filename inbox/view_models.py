"""The view model of a request's page: exceptions first, then the open decision, then its basis."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import JsonValue, TypeAdapter, ValidationError

from dispatch.approval.consequences import Consequences, before, is_settled, is_to_be_rewritten
from dispatch.approval.decisions import due_at
from dispatch.approval.requests import price_of
from dispatch.models.moments import format_stamp
from dispatch.models.money import Money, amount_named, format_figure, format_money
from dispatch.models.people.decision import ApprovalItem, ApprovalRequest, Decision
from dispatch.models.request.follow_up import FollowUpDetail
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.approval_policy import ApprovalPolicy
from dispatch.models.work.finding import Evidence, ReviewException
from dispatch.models.work.guardian import GuardResult
from dispatch.models.work.playbook import Tier
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.severity import Severity
from inbox.comparison import Change, changes
from inbox.filters import title_of

_DOCUMENTS: Final = TypeAdapter(tuple[DocumentRef, ...])
_SEVERITIES: Final = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)


@dataclass(frozen=True)
class Fact:
    """One parameter of an action; `text` is shown whole, as it will be sent."""

    label: str
    value: str
    text: bool = False


@dataclass(frozen=True)
class EditField:
    """One editable parameter, as a form's field."""

    name: str
    label: str
    kind: Literal["amount", "text", "line", "number", "choice"]
    value: str
    currency: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownAction:
    """One action with its guard result, and with its item of the gate if a person must decide."""

    title: str
    name: str
    acts_on: str
    why: str
    facts: tuple[Fact, ...]
    digest: str
    evidence: tuple[Evidence, ...] = ()
    guard_result: GuardResult | None = None
    asked: "Asked | None" = None
    is_approved: bool = False


@dataclass(frozen=True)
class Asked:
    """One open decision: the form is bound to this proposal and this digest."""

    proposal_id: str
    digest: str
    name: str
    tier: Tier
    approval: ApprovalPolicy
    summary: str
    decision_types: tuple[str, ...]
    fields: tuple[EditField, ...]
    approvals: tuple[Decision, ...]
    approvers: tuple[str, ...]
    """Who may decide on it, if that is not everybody at the gate."""
    may_decide: bool
    approved_by_me: bool
    is_open: bool = True
    is_awaited: bool = True
    is_rewritten: bool = False
    is_signed: bool = False
    must_change: str = ""
    rejection: Decision | None = None
    then: Consequences | None = None
    """The consequences of each decision for the rest of the request; None if the gate is not about actions."""


@dataclass(frozen=True)
class ShownRequest:
    """The content of the page of a running request."""

    detail: RequestDetail
    actions: tuple[ShownAction, ...]
    other: tuple[Asked, ...]
    exceptions: tuple[ReviewException, ...]
    changes: tuple[Change, ...]
    evidence: Mapping[str, Evidence]
    may_decide: bool
    together: tuple[Asked, ...] = ()
    """The actions that this person can approve together, if there are several."""


def shown(detail: RequestDetail, me: str, my_names: Collection[str]) -> ShownRequest:
    """Build the view of a request for a person with `my_names` (their own name and their roles)."""
    approval_request, proposal = detail.approval_request, detail.proposal
    names = frozenset(my_names)
    may = approval_request is not None and not names.isdisjoint(approval_request.approvers)
    by_digest = {s.digest: s for s in approval_request.items} if approval_request else {}
    actions: list[ShownAction] = []
    guard_results = {result.action_digest: result for result in detail.guard_results}
    evidence = {e.evidence_id: e for e in (proposal.evidence if proposal else ())}
    for bound in proposal.actions if proposal else ():
        item = by_digest.pop(bound.digest, None)
        asked = (
            asked_of(approval_request, item, detail.approvals, bound, me, names, rejections=detail.rejections)
            if approval_request and item
            else None
        )
        action = _action(bound, guard_results.get(bound.digest), asked, evidence)
        actions.append(replace(action, is_approved=bound.digest in detail.approved))
    # The items of the gate come first: the person opened the page for them.
    actions.sort(
        key=lambda action: (action.asked is None, action.asked is not None and not action.asked.is_awaited)
    )
    other = (
        tuple(asked_of(approval_request, s, detail.approvals, None, me, names) for s in by_digest.values())
        if approval_request
        else ()
    )
    return ShownRequest(
        detail=detail,
        actions=tuple(actions),
        other=other,
        exceptions=tuple(sorted(detail.exceptions, key=lambda e: _SEVERITIES.index(e.severity))),
        changes=changes(detail.previous, proposal) if detail.previous and proposal else (),
        evidence=evidence,
        may_decide=may,
        together=_together([action.asked for action in actions if action.asked is not None]),
    )


def _together(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """Return the actions to approve together: all that wait, if there are several and all need a plain approval."""
    waiting = [one for one in asked if one.is_awaited and one.is_open]
    plain = all(one.may_decide and not one.is_signed and not one.approved_by_me for one in waiting)
    ready = plain and not any(one.must_change for one in waiting)
    return tuple(waiting) if ready and len(waiting) > 1 else ()


def _action(
    bound: BoundAction,
    guard_result: GuardResult | None,
    asked: Asked | None,
    evidence: Mapping[str, Evidence],
) -> ShownAction:
    action = bound.action
    return ShownAction(
        title=title_of(bound),
        name=action.name,
        acts_on=action.subject,
        why=action.why,
        facts=(*_time_of(bound), *facts_of(action.parameters, price_of(bound))),
        digest=bound.digest,
        evidence=tuple(evidence[e] for e in action.evidence_ids if e in evidence),
        guard_result=guard_result,
        asked=asked,
    )


def _time_of(bound: BoundAction) -> tuple[Fact, ...]:
    due = bound.action.not_before
    return (Fact("Not before", format_stamp(due)),) if due is not None else ()


def mark_of(detail: RequestDetail | FollowUpDetail | None) -> str:
    """Return a digest of the decision's basis: status, open items, approvals; None stands for a closed request."""
    approval_request = detail.approval_request.model_dump_json() if detail and detail.approval_request else ""
    given = detail.approvals if detail else ()
    given = (*given, *detail.rejections) if isinstance(detail, RequestDetail) else given
    approvals = [decision.decision_id for decision in given]
    where = detail.status.model_dump_json() if detail else "closed"
    return hashlib.sha256(f"{where}\n{approval_request}\n{approvals}".encode()).hexdigest()[:16]


def asked_of(
    approval_request: ApprovalRequest,
    item: ApprovalItem,
    approvals: Sequence[Decision],
    bound: BoundAction | None,
    me: str,
    my_names: Collection[str],
    *,
    rejections: Sequence[Decision] = (),
) -> Asked:
    """Return the form of one item of an open gate; `bound` is its action, if it has one."""
    then = before(approval_request, item, approvals, rejections) if bound is not None else None
    rewritten = is_to_be_rewritten(approval_request, item, rejections)
    is_open = not is_settled(item, approvals, rejections)
    approvals = tuple(d for d in approvals if d.action_digest == item.digest)
    return Asked(
        proposal_id=approval_request.proposal_id,
        digest=item.digest,
        name=item.name,
        tier=item.tier,
        approval=item.approval,
        summary=item.summary,
        decision_types=tuple(kind.value for kind in approval_request.decision_types),
        fields=tuple(_field(name, item, bound) for name in item.editable)
        if any(kind.sets_values for kind in approval_request.decision_types)
        else (),
        approvals=approvals,
        approvers=item.approvers,
        may_decide=not set(my_names).isdisjoint(approval_request.approvers_of(item)),
        approved_by_me=any(decision.approver == me for decision in approvals),
        is_open=is_open,
        is_awaited=item.is_awaited and not rewritten,
        is_rewritten=rewritten,
        is_signed=due_at(approval_request, item).signed,
        must_change=item.must_change,
        rejection=next((d for d in rejections if d.action_digest == item.digest), None),
        then=then,
    )


def _field(name: str, item: ApprovalItem, bound: BoundAction | None) -> EditField:
    parameters = bound.action.parameters if bound else {}
    value, label = parameters.get(name), _plain_name(name)
    if name in item.choices:
        return EditField(name, label, "choice", str(value or ""), choices=item.choices[name])
    if (amount := amount_named(name, parameters)) is not None:
        most = Money(amount_minor=item.most[name], currency=amount.currency) if name in item.most else None
        label = f"{_plain_name(name)} in {amount.currency}" + (
            f", at most {format_figure(most)}" if most else ""
        )
        return EditField(name, label, "amount", format_figure(amount), currency=amount.currency)
    if isinstance(value, int):
        return EditField(name, label, "number", str(value))
    text = "" if value is None else str(value)
    return EditField(name, label, "text" if "\n" in text else "line", text)


def facts_of(parameters: Mapping[str, JsonValue], amount: Money | None = None) -> tuple[Fact, ...]:
    """List every parameter, because the digest covers all; an amount in readable form, with the exact figure.

    `amount` is what the action's class says that it costs; it comes first where no parameter holds it.
    """
    amounts = {name: money for name in parameters if (money := amount_named(name, parameters)) is not None}
    facts = [
        Fact(_plain_name(name), f"{format_money(money)} ({money.amount_minor} minor units)")
        for name, money in amounts.items()
    ]
    if amount is not None and amount not in amounts.values():
        facts.insert(0, Fact("Amount", format_money(amount)))
    for name, value in parameters.items():
        if name in amounts or (amounts and name == "currency"):
            continue
        plain = "none" if value is None else _named_documents(value) or str(value)
        facts.append(Fact(_plain_name(name), plain, text=name == "text" or "\n" in plain))
    # Long texts last, so that the short ones are visible above them.
    return tuple(sorted(facts, key=lambda fact: fact.text))


def _named_documents(value: JsonValue) -> str:
    """Return the names and sizes of documents, where a value is a list of them; the digest covers their content."""
    try:
        documents = _DOCUMENTS.validate_python(value)
    except ValidationError:
        return ""
    return ", ".join(f"{one.name} ({one.size_bytes / 1024:.1f} KB)" for one in documents)


def _plain_name(parameter: str) -> str:
    return parameter.removesuffix("_minor").replace("_", " ").capitalize()
