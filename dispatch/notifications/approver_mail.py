"""Mails to approvers: recipients, texts, and the key of each mail.

Subjects are visible on locked screens and in other people's lists, so they hold names of the playbook and a date, no
data of the requester. A body may quote a stranger's text; everything that a mail program would link is removed.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final

from dispatch.approval.authority import people_for, stands_for
from dispatch.guard.risk import riskiest
from dispatch.models.moments import format_day, format_moment
from dispatch.models.money import format_money
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.models.people.decision import ApprovalItem, DecisionType
from dispatch.models.people.notification import Notice, NoticeEntry, NotifyBrief, NotifyEvent, WaitingRequest
from dispatch.models.work.playbook import Tier
from dispatch.text.links import foreign_links
from dispatch.text.normalise import one_line
from dispatch.text.unicode_spoofing import undisguised
from dispatch.texts.approver import APPROVER_TEXTS as TEXTS

MOST_LISTED: Final = 50
"""The most requests named in one digest; further ones are counted."""

_MOST_QUOTED: Final = 600
_ASKED: Final[dict[DecisionType, tuple[str, str]]] = {
    DecisionType.APPROVE: (TEXTS.asked_approval, TEXTS.link_to_decide),
    DecisionType.ROUTE: (TEXTS.asked_routing, TEXTS.link_to_route),
    DecisionType.SORT: (TEXTS.asked_sorting, TEXTS.link_to_sort),
    DecisionType.SETTLE: (TEXTS.asked_escalation, TEXTS.link_to_settle),
}
"""By the first verb of a gate: what is asked there, and what its link is for."""


def concerned(approvers: Approvers, brief: NotifyBrief, at: datetime) -> tuple[Approver, ...]:
    """Return the people whose decision may be due: of the owner and the others, but those who have approved."""
    people = audience(approvers, at, brief.owner, *brief.others)
    return tuple(person for person in people if person.name not in brief.approved_by)


def audience(approvers: Approvers, at: datetime, *owners: str) -> tuple[Approver, ...]:
    """Return the people whom an event for `owners`, people or roles, concerns: all who may decide for one at a moment.

    An absent person is not notified if there is a deputy.
    """
    people = people_for(approvers, owners, at)
    return tuple(person for person in people if not _is_stood_in_for(approvers, person, at))


def owners_of(person: Approver, approvers: Approvers, at: datetime) -> tuple[str, ...]:
    """Return the names, of people and of roles, whose waiting requests concern this person: the inverse of `audience`."""
    if _is_stood_in_for(approvers, person, at):
        return ()
    return tuple(sorted(set(stands_for(approvers, person, at))))


def notified_before(approvers: Approvers, brief: NotifyBrief) -> tuple[Approver, ...]:
    """Return the people who were notified of the gate and need not act now, without the one who decided."""
    return tuple(
        person
        for person in approvers.approvers
        if person.name in brief.notified and person.name != brief.owner
    )


def notice_key(brief: NotifyBrief, name: str) -> str:
    """Return the key of one mail to one approver, without run id and attempt, so that a reset sends nothing again."""
    approval_request, event = brief.approval_request, f"{brief.event}-{brief.number}"
    return f"{brief.request_id}/notify/{approval_request.kind}/{approval_request.proposal_id}/{event}/{name}"


def digest_key(day: date, name: str) -> str:
    """Return the key of one approver's digest of one day."""
    return f"digest/{day.isoformat()}/{name}"


def notice_for(brief: NotifyBrief, inbox_url: str) -> Notice:
    """Write the mail of one event; `inbox_url` without a slash at its end, empty where there are no pages."""
    approval_request, desk = brief.approval_request, brief.desk or TEXTS.reception
    awaited = approval_request.awaited
    tier = riskiest(item.tier for item in awaited)
    names = ", ".join(dict.fromkeys(item.name for item in awaited))
    closed = brief.event is NotifyEvent.DECIDED
    headline, opening = _headlines(brief)
    link = _ASKED[approval_request.decision_types[0]][1]
    deadline = format_moment(approval_request.deadline)
    subject = (TEXTS.subject if closed else TEXTS.subject_with_deadline).format(
        desk=desk, headline=headline, names=names, tier=tier, deadline=deadline
    )
    return Notice(
        subject=subject,
        opening=opening,
        facts=(
            (TEXTS.fact_desk, desk),
            *((TEXTS.fact_asked, _quoted(item.summary)) for item in awaited),
            *_weight(awaited, tier),
            *(() if closed else ((TEXTS.fact_deadline, deadline),)),
            (TEXTS.fact_why, _quoted(approval_request.why)),
            (TEXTS.fact_request, brief.request_id),
        ),
        link=_page(inbox_url, brief.request_id),
        link_text=TEXTS.link_to_decided if closed else link,
        closing=_closing(inbox_url, brief.request_id),
    )


def digest_for(waiting: Sequence[WaitingRequest], inbox_url: str, day: date) -> Notice:
    """Write one day's digest of what waits, the most urgent first."""
    total = len(waiting)
    ranked = sorted(waiting, key=_rank)[:MOST_LISTED]
    dues = [one.due for one in ranked if one.due is not None]
    waits = (TEXTS.digest_one_waits if total == 1 else TEXTS.digest_more_wait).format(total=total)
    today = format_day(datetime(day.year, day.month, day.day, tzinfo=UTC))
    opening = (TEXTS.digest_opening_with_due if dues else TEXTS.digest_opening).format(
        day=today, waiting=waits, due=format_moment(min(dues)) if dues else ""
    )
    if total > len(ranked):
        opening += " " + TEXTS.digest_unlisted.format(number=total - len(ranked))
    return Notice(
        subject=TEXTS.digest_subject.format(waiting=waits),
        opening=opening,
        entries=tuple(
            NoticeEntry(
                title=TEXTS.digest_entry.format(desk=one.desk or TEXTS.reception, request_id=one.request_id),
                detail=_detail(one),
                link=_page(inbox_url, one.request_id),
            )
            for one in ranked
        ),
        link=inbox_url or None,
        link_text=TEXTS.digest_link,
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
    asked, owner = _ASKED[brief.approval_request.decision_types[0]][0], brief.owner
    headline, opening = {
        NotifyEvent.NEW: (TEXTS.headline_new, TEXTS.opening_new),
        NotifyEvent.REMINDER: (TEXTS.headline_reminder, TEXTS.opening_reminder),
        NotifyEvent.ESCALATION: (TEXTS.headline_escalation, TEXTS.opening_escalation),
        NotifyEvent.APPROVED: (TEXTS.headline_approved, TEXTS.opening_approved),
        NotifyEvent.DECIDED: (TEXTS.headline_decided, TEXTS.opening_decided),
    }[brief.event]
    return headline.format(owner=owner), opening.format(
        asked=asked, owner=owner, summary=_quoted(brief.summary)
    )


def _weight(items: Sequence[ApprovalItem], tier: Tier) -> Iterable[tuple[str, str]]:
    approvals = dict.fromkeys(item.approval.in_words for item in items)
    yield TEXTS.fact_tier, TEXTS.tier.format(tier=tier, approvals=", ".join(approvals))
    amounts = [format_money(item.amount) for item in items if item.amount is not None]
    if amounts:
        yield TEXTS.fact_amount, ", ".join(amounts)


def _closing(inbox_url: str, request_id: str) -> str:
    if inbox_url:
        return TEXTS.closing_with_page
    return TEXTS.closing_without_page.format(request_id=request_id)


def _page(inbox_url: str, request_id: str) -> str | None:
    return f"{inbox_url}/requests/{request_id}" if inbox_url else None


def _rank(one: WaitingRequest) -> tuple[int, datetime, str]:
    latest = datetime.max.replace(tzinfo=UTC)
    return one.priority or 9, one.due or latest, one.request_id


def _detail(one: WaitingRequest) -> str:
    parts = [TEXTS.digest_detail.format(state=one.state.replace("_", " "), owner=one.owner)]
    if one.due:
        parts.append(TEXTS.digest_due.format(due=format_moment(one.due)))
    if one.priority:
        parts.append(TEXTS.digest_priority.format(priority=one.priority))
    return ", ".join(parts)


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
