"""Who is told of a gate, and in which words."""

from datetime import date, timedelta

import pytest

from dispatch.models.people.approvers import Approver
from dispatch.notifications.approver_mail import (
    MOST_LISTED,
    audience,
    digest_for,
    notice_for,
    notice_key,
    notified_before,
    owners_of,
    plain_text,
)
from dispatch.notifications.html import as_html
from tests.notified import INBOX, NOW, approval_request, brief, during, known, person, waiting


def names(people: tuple[Approver, ...]) -> list[str]:
    return [one.name for one in people]


def test_those_who_are_named_or_hold_the_role_are_told() -> None:
    """A playbook may name either; nobody else hears of it."""
    people = known(person("anna", "refunds"), person("ben", "legal"), person("cleo", "legal", "refunds"))
    assert names(audience(people, NOW, "refunds")) == ["anna", "cleo"]
    assert names(audience(people, NOW, "ben")) == ["ben"]
    assert audience(people, NOW, "nobody-has-this") == ()


def test_the_deputy_is_told_for_one_who_is_absent() -> None:
    """Only while the absence lasts, and only where there is a deputy."""
    away = person("anna", "refunds", deputy="ben", absences=[during(1)])
    alone = person("cleo", "refunds", absences=[during(1)])
    people = known(away, person("ben"), alone)
    assert names(audience(people, NOW, "refunds")) == ["ben", "cleo"]
    assert names(audience(people, NOW + timedelta(hours=1), "refunds")) == ["anna", "cleo"]


def test_whom_a_role_is_handed_to_is_told_until_the_delegation_ends() -> None:
    """The end itself is excluded."""
    giver = person("anna", "refunds", delegations=[{"to": "ben", "roles": ["refunds"], **during(1)}])
    people = known(giver, person("ben"))
    assert names(audience(people, NOW, "refunds")) == ["anna", "ben"]
    assert names(audience(people, NOW + timedelta(hours=1), "refunds")) == ["anna"]


def test_a_digest_lists_what_an_event_would_have_told() -> None:
    """What waits for one's roles, one's own name, and for those one stands in for."""
    away = person("anna", "refunds", deputy="ben", absences=[during(1)])
    people = known(away, person("ben", "legal"))
    assert owners_of(people.approvers[1], people, NOW) == ("anna", "ben", "legal", "refunds")
    assert owners_of(people.approvers[0], people, NOW) == ()


def test_of_a_decision_those_hear_who_were_told_and_not_who_made_it() -> None:
    """Nobody is bothered with the end of what they never heard of."""
    people = known(person("anna"), person("ben"), person("cleo"))
    assert names(notified_before(people, brief("decided", owner="ben", notified=("anna", "ben")))) == ["anna"]


def test_a_mail_says_what_a_person_needs_to_know() -> None:
    """Desk, what is asked, tier and scrutiny, amount, deadline, reason, and the page."""
    text = plain_text(notice_for(brief(), INBOX))
    for part in (
        "A decision is asked of refunds.",
        "Desk: support",
        "Asked: issue_refund on payment PAY-1 (critical): the policy grants it",
        "Tier: critical; it takes signed decisions of 2 different people",
        "Amount: EUR 49.90",
        "Decide by: 12:00 UTC on 8 November 2026",
        "Why: tier critical needs signed decisions of 2 different people",
        "https://desk.example/requests/support-mail-abc",
        "opens the page and does nothing else",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        ("new", "[support] Asked of refunds: issue_refund (critical), by 12:00 UTC on 8 November 2026"),
        (
            "reminder",
            "[support] Still asked of refunds: issue_refund (critical), by 12:00 UTC on 8 November 2026",
        ),
        (
            "escalation",
            "[support] Now asked of refunds: issue_refund (critical), by 12:00 UTC on 8 November 2026",
        ),
        ("decided", "[support] No longer asked: issue_refund (critical)"),
    ],
)
def test_a_subject_names_the_event_and_nothing_of_the_requester(event: str, subject: str) -> None:
    """What the gate says in free words stays in the body."""
    private = approval_request(why="jane@mail.example wants it", items=approval_request().items)
    assert notice_for(brief(event, approval_request=private), INBOX).subject == subject


def test_the_only_link_is_the_page() -> None:
    """What a stranger wrote is shown in a form that no mail program links, and markup stays text."""
    bad = "it leads to https://evil.example/x and evil.example; javascript:alert(1) <img src=//evil.example>"
    notice = notice_for(brief(approval_request=approval_request(why=bad)), INBOX)
    page = as_html(notice)
    assert "https://evil" not in plain_text(notice)
    assert "evil.example" not in plain_text(notice) + page
    assert "javascript:" not in page
    assert "<img" not in page
    assert page.count("href=") == 1
    assert 'href="https://desk.example/requests/support-mail-abc"' in page


def test_a_long_reason_is_cut_and_stays_on_one_line() -> None:
    """A mail quotes only the beginning of a long request."""
    text = dict(notice_for(brief(approval_request=approval_request(why="very\nlong " * 500)), INBOX).facts)[
        "Why"
    ]
    assert len(text) == 600
    assert "\n" not in text


def test_without_pages_a_mail_names_the_command() -> None:
    """It holds no link at all."""
    notice = notice_for(brief(), "")
    assert notice.link is None
    assert "dispatch status support-mail-abc" in plain_text(notice)
    assert "href" not in as_html(notice)
    assert "://" not in plain_text(notice)


def test_each_event_person_and_gate_is_a_mail_of_its_own() -> None:
    """And nothing else makes a second one."""
    keys = {
        notice_key(one, name)
        for one in (
            brief(),
            brief("reminder"),
            brief("reminder", number=2),
            brief(approval_request=approval_request(proposal_id="p2")),
            brief(approval_request=approval_request(kind="escalation")),
            brief(request_id="another"),
        )
        for name in ("anna", "ben")
    }
    assert len(keys) == 12
    assert notice_key(brief(), "anna") == notice_key(brief(summary="other", notified=("x",)), "anna")


def test_a_digest_ranks_what_waits() -> None:
    """By priority and then by deadline; what has neither comes last."""
    rows = [waiting(2), waiting(1), waiting(3, priority=1), waiting(4, priority=None, due=None)]
    notice = digest_for(rows, INBOX, date(2026, 11, 5))
    assert [entry.title for entry in notice.entries] == [
        "support: support-mail-3",
        "support: support-mail-1",
        "support: support-mail-2",
        "support: support-mail-4",
    ]
    assert notice.subject == "[Dispatch Desk] 4 requests wait for you"
    text = plain_text(notice)
    assert "the first until 13:00 UTC on 5 November 2026" in text
    assert "waiting for approval, asked of refunds, until 15:00 UTC on 5 November 2026, priority 1" in text
    assert as_html(notice).count("href=") == 5


def test_a_digest_of_very_much_is_bounded() -> None:
    """The most urgent are named, the rest counted."""
    notice = digest_for([waiting(n) for n in range(1, 4001)], INBOX, date(2026, 11, 5))
    assert len(notice.entries) == MOST_LISTED
    assert "3950 more are in the inbox" in notice.opening


def test_one_request_is_one_request() -> None:
    """The count is in plain English."""
    notice = digest_for([waiting(1)], INBOX, date(2026, 11, 5))
    assert notice.subject == "[Dispatch Desk] 1 request waits for you"
