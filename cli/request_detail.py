"""`dispatch show ID`: all that a person needs to decide on a request, exceptions first, as the inbox shows it."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue
from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

from dispatch.approval.consequences import before, is_settled
from dispatch.approval.requests import decision_by_hand, price_of
from dispatch.models.moments import format_stamp
from dispatch.models.money import Money, amount_named, format_money
from dispatch.models.people.decision import ApprovalItem, ApprovalKind
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.trail import TrailEntry
from dispatch.models.work.guardian import GuardResult
from dispatch.models.work.proposal import BoundAction
from dispatch.ranking.rank import waited

_LAST = 5
"""Entries of the trail shown here; `dispatch trail ID` has them all."""
_LONG_TEXT = 60
"""A parameter longer than this, or with several lines, is printed on separate lines."""


def show(console: Console, detail: RequestDetail) -> None:
    """Print it; what came from outside is printed as it is and never read as markup."""
    sections = (
        ("Exceptions", _exceptions(detail)),
        ("Where it stands", _status(detail)),
        ("Parts", _parts(detail)),
        ("Why this rank", _rank(detail)),
        ("Request", _request(detail)),
        ("Draft", _draft(detail)),
        ("What it would do", _actions(detail)),
        ("Changed since it was sent back", _changes(detail)),
        ("Who was told", told_lines(detail.trail)),
        (f"The last {_LAST} entries of its trail", trail_lines(detail.trail)),
    )
    print_sections(console, sections, detail.status.next_command)
    if (by_hand := _by_hand(detail)) is not None:
        named = ", with your name for NAME" if by_hand["approver"] == "NAME" else ""
        console.print(f"\nor, as the signal 'decide' in Temporal's own UI{named}:", highlight=False)
        console.print(
            escape(json.dumps(by_hand, indent=2, ensure_ascii=False)), highlight=False, soft_wrap=True
        )


def print_sections(
    console: Console, sections: Iterable[tuple[str, Iterable[str]]], next_command: str
) -> None:
    """Print titles with their lines, which are markup, leaving out those without any; then the command to type next."""
    for title, lines in sections:
        for number, line in enumerate(lines):
            if number == 0:
                console.print(Rule(title, align="left"))
            console.print(line, highlight=False, soft_wrap=True)
    if next_command:
        console.print(f"\n{escape(next_command)}", highlight=False, soft_wrap=True)


def _by_hand(detail: RequestDetail) -> dict[str, JsonValue] | None:
    """Return the decision to paste for the action that the status names; None if none waits, or it must be signed."""
    approval_request, status = detail.approval_request, detail.status
    items = approval_request.items if approval_request is not None else ()
    item = next((one for one in items if one.digest == status.action_digest), None)
    if approval_request is None or item is None:
        return None
    return decision_by_hand(approval_request, item, status.review_point.owner, datetime.now(UTC))


def _exceptions(detail: RequestDetail) -> Iterator[str]:
    for exception in detail.exceptions:
        yield f"[bold]{exception.severity}[/] {escape(f'{exception.standard}: {exception.text}')} ({escape(exception.reviewer)})"


def _status(detail: RequestDetail) -> Iterator[str]:
    status, approval_request = detail.status, detail.approval_request
    yield f"{escape(status.request_id)}  [bold]{escape(status.state)}[/]"
    yield f"awaiting {escape(status.review_point.awaiting)}"
    if approval_request is not None:
        yield f"may decide: {escape(', '.join(approval_request.approvers))}; by {format_stamp(approval_request.deadline, seconds=False)}"
        for item in approval_request.items:
            yield escape(_scrutiny(item, detail))
            yield from _consequences(item, detail)
    for question in detail.questions:
        yield escape(f"asked: {question.text} ({question.field}, such as {question.example})")


def _parts(detail: RequestDetail) -> Iterator[str]:
    """Yield where each part of a request for several desks stands; of a part, which request it is of."""
    if (own := detail.submission.part) is not None:
        yield escape(f"it is one desk's part of {own.parent}")
        for one in own.earlier:
            yield escape(f"after {one.request_id}, which ended as {one.ending.replace('_', ' ')}")
    for part in detail.parts:
        report = part.report
        stands = (
            (report.ending or report.state).replace("_", " ")
            if report
            else "at work"
            if part.begun
            else "not begun"
        )
        owner = f", with {report.owner}" if report and report.owner not in {"coordinator", "nobody"} else ""
        told = "; the requester is told" if part.told else ""
        yield escape(f"{part.request_id}  {part.name}: {stands}{owner}{told}")


def _rank(detail: RequestDetail) -> Iterator[str]:
    if detail.rank is None:
        return
    # Counted from the request's start, as in lists: a mail may have been in its mailbox for days before.
    began = detail.trail[0].at if detail.trail else detail.submission.trigger.received_at
    ranked = waited(detail.rank, began, datetime.now(UTC))
    yield f"priority {ranked.priority_key}, {ranked.score} points"
    for reason in ranked.reasons:
        yield escape(f"{reason.points:+4d}  {reason.text}")


def _scrutiny(item: ApprovalItem, detail: RequestDetail) -> str:
    rejected = next((d for d in detail.rejections if d.action_digest == item.digest), None)
    if rejected is not None:
        return f"{item.key} is rejected by {rejected.approver}: {rejected.reason}"
    given = [d.approver for d in detail.approvals if d.action_digest == item.digest]
    so_far = f"; {item.approval.progress(len(given))}: {', '.join(given)}" if given else ""
    of = f", of {', '.join(item.approvers)}" if item.approvers else ""
    return f"{item.key or item.name} needs {item.approval.in_words} (tier {item.tier}){so_far}{of}; digest {item.digest}{_bounds(item)}"


def _consequences(item: ApprovalItem, detail: RequestDetail) -> Iterator[str]:
    """Yield what a decision on one of several actions means for the rest."""
    gate = detail.approval_request
    if (
        gate is None
        or gate.kind is not ApprovalKind.APPROVAL
        or is_settled(item, detail.approvals, detail.rejections)
    ):
        return
    then = before(gate, item, detail.approvals, detail.rejections)
    if item.is_awaited:
        yield f"[dim]    approve: {escape(item.must_change or then.approve)}[/]"
    yield f"[dim]    reject: {escape(then.reject)}[/]"
    for purpose, sentence in then.respond.items():
        yield f"[dim]    respond {purpose}: {escape(sentence)}[/]"


def _bounds(item: ApprovalItem) -> str:
    """Return what an edit may set at most, as it is typed."""
    return "".join(f"; {name} at most {most}" for name, most in item.most.items() if name in item.editable)


def _request(detail: RequestDetail) -> Iterator[str]:
    submission = detail.submission
    yield escape(f"from {submission.sender.name} <{submission.sender.address}>: {submission.subject}")
    yield escape(submission.body)
    for item in detail.items:
        yield escape(f"- {item.item_id} ({item.kind}): {item.text}")
        for field, value in item.fields.items():
            yield escape(f"    {field.replace('_', ' ')}: {value}")


def _draft(detail: RequestDetail) -> Iterator[str]:
    if detail.proposal is None:
        return
    evidence = {piece.evidence_id: piece for piece in detail.proposal.evidence}
    yield escape(detail.proposal.draft.title)
    for statement in detail.proposal.draft.statements:
        yield escape(statement.text)
        for evidence_id in statement.evidence_ids:
            if (piece := evidence.get(evidence_id)) is not None:
                yield f"[dim]    {escape(f'{piece.source} {piece.reference}: {piece.text}')}[/]"


def _actions(detail: RequestDetail) -> Iterator[str]:
    if detail.proposal is None:
        return
    guard_results = {result.action_digest: result for result in detail.guard_results}
    for bound in detail.proposal.actions:
        yield from _action(bound, guard_results.get(bound.digest))


def _action(bound: BoundAction, guard_result: GuardResult | None) -> Iterator[str]:
    result = f"{guard_result.decision}, tier {guard_result.tier}" if guard_result else "not inspected yet"
    yield f"[bold]{escape(bound.action.name)}[/] {escape(f'on {bound.action.subject}: {result}')}"
    yield from lines_of(bound.action.parameters, price_of(bound))
    for reason in guard_result.reasons if guard_result else ():
        yield escape(f"    because {reason.text} ({reason.rule})")
    if guard_result is not None and guard_result.opinion is not None:
        yield escape(f"    {guard_result.opinion.text} ({guard_result.opinion.rule})")


def lines_of(facts: Mapping[str, JsonValue], amount: Money | None = None) -> Iterator[str]:
    """Yield each parameter with its name, an amount in minor units also as people read it.

    `amount` is what the action's class says that it costs; it comes first where no parameter holds it.
    """
    amounts = {name: money for name in facts if (money := amount_named(name, facts)) is not None}
    if amount is not None and amount not in amounts.values():
        yield f"    costs {format_money(amount)}"
    for name, value in facts.items():
        text = _plain(value) + (f" ({format_money(amounts[name])})" if name in amounts else "")
        apart = "\n" if "\n" in text or len(text) > _LONG_TEXT else " "
        yield escape(f"    {name}:{apart}{text}")


def _changes(detail: RequestDetail) -> Iterator[str]:
    if detail.proposal is None or detail.previous is None:
        return
    before, after = (
        [line for bound in proposal.actions for line in _lines(bound)]
        for proposal in (detail.previous, detail.proposal)
    )
    for line in difflib.unified_diff(
        before, after, detail.previous.proposal_id, detail.proposal.proposal_id, lineterm="", n=1
    ):
        yield escape(line)


def _lines(bound: BoundAction) -> Iterator[str]:
    for name, value in bound.action.parameters.items():
        for line in _plain(value).splitlines() or [""]:
            yield f"{bound.action.name} {name}: {line}"


def told_lines(trail: Sequence[TrailEntry]) -> Iterator[str]:
    """Yield which approvers were told of what, and when."""
    for entry in trail:
        if entry.says_who_was_told:
            at = format_stamp(entry.at, seconds=False)
            yield escape(f"{at}  {entry.what.partition(': ')[2] or entry.what}; {entry.why}")


def trail_lines(trail: Sequence[TrailEntry]) -> Iterator[str]:
    """Yield the last entries of a trail."""
    for entry in trail[-_LAST:]:
        yield escape(f"{entry.seq:>3}  {entry.sender} -> {entry.receiver}: {entry.what}; {entry.why}")


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
