"""Mails to approvers: who is notified, in which words, and under which name each mail is known again.

Subjects are read on locked screens and in lists of others, so they hold names of the playbook and a date, nothing of
the requester. What a body quotes may come from a stranger; it loses whatever a mail program would make a link of.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final

from dispatch.approval.authority import people_for, stands_for
from dispatch.guard.risk import riskiest
from dispatch.models.moments import format_day, format_moment
from dispatch.models.money import format_money
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.models.people.decision import ApprovalKind, ApprovalRequest
from dispatch.models.people.notification import Notice, NoticeEntry, NotifyBrief, NotifyEvent, WaitingRequest
from dispatch.models.work.playbook import Tier
from dispatch.text.links import foreign_links
from dispatch.text.normalise import one_line
from dispatch.text.unicode_spoofing import undisguised

MOST_LISTED: Final = 50
"""Requests named in one digest; the rest are counted."""

_MOST_QUOTED: Final = 600
_ASKED: Final[dict[ApprovalKind, str]] = {
    ApprovalKind.APPROVAL: "a decision",
    ApprovalKind.ROUTING: "a desk for a request",
    ApprovalKind.ESCALATION: "settling a request",
}
_OPENS_ONLY: Final = "The link opens the page and does nothing else. An answer to this mail decides nothing, and neither does silence."


def audience(approvers: Approvers, owner: str, at: datetime) -> tuple[Approver, ...]:
    """Return the people whom an event for `owner`, a person or a role, concerns: all who may decide for it at a moment.

    One who is absent is left in peace if there is a deputy.
    """
    people = people_for(approvers, (owner,), at)
    return tuple(person for person in people if not _is_stood_in_for(approvers, person, at))


def owners_of(person: Approver, approvers: Approvers, at: datetime) -> tuple[str, ...]:
    """Return the names, of people and of roles, whose waiting requests concern this person: `audience` turned about."""
    if _is_stood_in_for(approvers, person, at):
        return ()
    return tuple(sorted(set(stands_for(approvers, person, at))))


def notified_before(approvers: Approvers, brief: NotifyBrief) -> tuple[Approver, ...]:
    """Return those who heard of the gate and now need not act; whoever decided knows."""
    return tuple(
        person
        for person in approvers.approvers
        if person.name in brief.notified and person.name != brief.owner
    )


def notice_key(brief: NotifyBrief, name: str) -> str:
    """Name one mail to one approver; no run id and no attempt in it, so that a reset sends nothing again."""
    approval_request, event = brief.approval_request, f"{brief.event}-{brief.number}"
    return f"{brief.request_id}/notify/{approval_request.kind}/{approval_request.proposal_id}/{event}/{name}"


def digest_key(day: date, name: str) -> str:
    """Name one approver's digest of one day."""
    return f"digest/{day.isoformat()}/{name}"


def notice_for(brief: NotifyBrief, inbox_url: str) -> Notice:
    """Write the mail of one event; `inbox_url` without a slash at its end, empty where there are no pages."""
    approval_request, desk = brief.approval_request, brief.desk or "reception"
    tier = riskiest(item.tier for item in approval_request.items)
    names = ", ".join(dict.fromkeys(item.name for item in approval_request.items))
    closed = brief.event is NotifyEvent.DECIDED
    headline, opening = _headlines(brief)
    until = "" if closed else f", by {format_moment(approval_request.deadline)}"
    return Notice(
        subject=f"[{desk}] {headline}: {names} ({tier}){until}",
        opening=opening,
        facts=(
            ("Desk", desk),
            *(("Asked", _quoted(item.summary)) for item in approval_request.items),
            *_weight(approval_request, tier),
            *(() if closed else (("Decide by", format_moment(approval_request.deadline)),)),
            ("Why", _quoted(approval_request.why)),
            ("Request", brief.request_id),
        ),
        link=_page(inbox_url, brief.request_id),
        link_text="See how it went on" if closed else "Open the page to decide",
        closing=_closing(inbox_url, brief.request_id),
    )


def digest_for(waiting: Sequence[WaitingRequest], total: int, inbox_url: str, day: date) -> Notice:
    """Write one day's digest of what waits, the most urgent first; `total` may be more than is listed."""
    ranked = sorted(waiting, key=_rank)[:MOST_LISTED]
    dues = [one.due for one in ranked if one.due is not None]
    count = f"{total} request{'s' if total != 1 else ''} wait{'s' if total == 1 else ''} for you"
    first = f", the first until {format_moment(min(dues))}" if dues else ""
    more = f" {total - len(ranked)} more are in the inbox." if total > len(ranked) else ""
    today = format_day(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return Notice(
        subject=f"[Dispatch Desk] {count}",
        opening=f"On {today} {count}{first}.{more}",
        entries=tuple(
            NoticeEntry(
                title=f"{one.desk or 'reception'}: {one.request_id}",
                detail=_detail(one),
                link=_page(inbox_url, one.request_id),
            )
            for one in ranked
        ),
        link=inbox_url or None,
        link_text="Open the inbox",
        closing=_closing(inbox_url, "ID"),
    )


def plain_text(notice: Notice) -> str:
    """Return a notice as the plain half of its mail."""
    facts = "\n".join(f"{label}: {value}" for label, value in notice.facts)
    entries = "\n\n".join(
        "\n".join(
            part
            for part in (f"- {entry.title}", f"  {entry.detail}", f"  {entry.link or ''}")
            if part.strip()
        )
        for entry in notice.entries
    )
    link = f"{notice.link_text}:\n{notice.link}" if notice.link else ""
    return "\n\n".join(part for part in (notice.opening, facts, entries, link, notice.closing) if part)


def _headlines(brief: NotifyBrief) -> tuple[str, str]:
    """Return the event's part of the subject and the first sentence."""
    asked, owner = _ASKED[brief.approval_request.kind], brief.owner
    of_whom = f"{asked[0].upper()}{asked[1:]}"
    return {
        NotifyEvent.NEW: (f"Asked of {owner}", f"{of_whom} is asked of {owner}."),
        NotifyEvent.REMINDER: (f"Still asked of {owner}", f"{of_whom} is still asked of {owner}."),
        NotifyEvent.ESCALATION: (
            f"Now asked of {owner}",
            f"{of_whom} is now asked of {owner}, for nobody has decided so far.",
        ),
        NotifyEvent.DECIDED: (
            "No longer asked",
            f"Nothing more is asked of you here: {_quoted(brief.summary)}.",
        ),
    }[brief.event]


def _weight(approval_request: ApprovalRequest, tier: Tier) -> Iterable[tuple[str, str]]:
    approvals = dict.fromkeys(item.approval.in_words for item in approval_request.items)
    yield "Tier", f"{tier}; it takes {', '.join(approvals)}"
    amounts = [format_money(item.amount) for item in approval_request.items if item.amount is not None]
    if amounts:
        yield "Amount", ", ".join(amounts)


def _closing(inbox_url: str, request_id: str) -> str:
    if inbox_url:
        return _OPENS_ONLY
    return f"To see it, type: dispatch status {request_id}. An answer to this mail decides nothing."


def _page(inbox_url: str, request_id: str) -> str | None:
    return f"{inbox_url}/requests/{request_id}" if inbox_url else None


def _rank(one: WaitingRequest) -> tuple[int, datetime, str]:
    latest = datetime.max.replace(tzinfo=UTC)
    return one.priority or 9, one.due or latest, one.request_id


def _detail(one: WaitingRequest) -> str:
    due = f", until {format_moment(one.due)}" if one.due else ""
    rank = f", priority {one.priority}" if one.priority else ""
    return f"{one.state.replace('_', ' ')}, asked of {one.owner}{due}{rank}"


def _quoted(text: str) -> str:
    """Return a text on one line, cut, and with nothing in it that a mail program would link."""
    plain = undisguised(one_line(text))
    for target in foreign_links(plain, ()):
        plain = plain.replace(target, target.replace(".", "[.]").replace(":", "[:]"))
    plain = plain.replace("://", "[:]//")
    return plain if len(plain) <= _MOST_QUOTED else plain[: _MOST_QUOTED - 1] + "…"


def _is_stood_in_for(approvers: Approvers, person: Approver, at: datetime) -> bool:
    absent = any(absence.begins_at <= at < absence.ends_at for absence in person.absences)
    return absent and any(other.name == person.deputy for other in approvers.approvers)
