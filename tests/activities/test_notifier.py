"""Mails to approvers against the embedded mail sink: one for each event and person, whatever fails on the way."""

from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.contracts import Systems
from activities.notifier import Notifier
from channels.mail.identity import message_id
from channels.mail.notices import MailNotices
from dispatch.models.people.approvers import Approver
from dispatch.models.people.notification import NotifyReport
from dispatch.notifications.approver_mail import notice_key
from dispatch.storage.approvers_file import ApproversFile
from tests.activities.at_work import attempt
from tests.notified import INBOX, brief, known, person
from tests.servers import MailSinkService

Telling = Callable[..., Notifier]
ANNA, BEN = person("anna", "refunds"), person("ben", "refunds")


@pytest.fixture
def telling(acting: Systems, client: Client, tmp_path: Path) -> Telling:
    """Return a notifier that knows these people."""

    def build(*people: Approver) -> Notifier:
        file = ApproversFile(tmp_path / "notified.yaml")
        if people:
            file.write(known(*people))
        return Notifier(MailNotices(acting), file, client, INBOX)

    return build


async def tell(notifier: Notifier, at_attempt: int = 1, **changed: Any) -> NotifyReport:
    return await attempt(at_attempt, notifier.notify, brief(**changed))


async def test_everybody_with_the_role_is_told_in_both_forms(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """One mail each, plain text first, the same again as HTML; marked as written by a machine."""
    report = await tell(telling(ANNA, BEN, person("cleo", "legal")))
    assert report.notified == ("anna", "ben")
    assert sorted(row["recipient"] for row in mail_sink.messages()) == [
        "anna@house.example",
        "ben@house.example",
    ]
    mail = message_from_bytes(mail_sink.messages()[0]["raw"], policy=default)
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for part in mail.iter_parts():
        assert f"{INBOX}/requests/support-mail-abc" in part.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "issue_refund (critical)" in mail["Subject"]


async def test_each_is_told_as_they_prefer(telling: Telling, mail_sink: MailSinkService) -> None:
    """At once, in the digest, or not at all; the report says which."""
    report = await tell(
        telling(ANNA, person("ben", "refunds", notify="daily"), person("cleo", "refunds", notify="never"))
    )
    assert (report.notified, report.left_to_digest, report.want_none) == (("anna",), ("ben",), ("cleo",))
    assert report.in_words == "notified anna; left to the digest of ben; wanted by none of cleo"
    assert len(mail_sink.messages()) == 1


async def test_where_nobody_is_known_nobody_is_told(telling: Telling, mail_sink: MailSinkService) -> None:
    """No approvers file is no failure; the report says so."""
    report = await tell(telling())
    assert report.in_words == "nobody known to tell"
    assert mail_sink.messages() == []


async def test_a_mail_that_was_taken_and_not_answered_for_is_not_sent_again(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """The other person's mail goes out all the same; tried again, it is found in the archive."""
    await mail_sink.arm("SMTP DATA", "drop_after_commit", recipient="anna@house.example")
    notifier = telling(ANNA, BEN)
    report = await tell(notifier)
    assert report.notified == ("ben",)
    assert [(one.name, one.why) for one in report.later] == [("anna", "OutcomeUnknownError")]
    report = await tell(notifier, only=("anna",))
    assert report.notified == ("anna",)
    assert len(mail_sink.messages()) == 2


async def test_one_whose_mail_is_put_off_keeps_no_other_waiting(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """The report names them for later; tried again alone they fail alone, until their mail server takes it."""
    await mail_sink.arm("SMTP DATA", "status", status=451, recipient="anna@house.example", times=2)
    notifier = telling(ANNA, BEN)
    report = await tell(notifier)
    assert report.in_words == "notified ben; anna not notified yet: UnavailableError, tried again"
    with pytest.raises(ApplicationError) as failure:
        await tell(notifier, only=("anna",))
    assert failure.value.type == "UnavailableError"
    assert not failure.value.non_retryable
    assert (await tell(notifier, 2, only=("anna",))).in_words == "notified anna"
    assert [row["recipient"] for row in mail_sink.messages()] == ["ben@house.example", "anna@house.example"]


async def test_the_same_event_told_once_more_is_no_second_mail(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """As after a reset of the request; its reminder is another event."""
    notifier = telling(ANNA)
    for event, number in (("new", 1), ("new", 1), ("reminder", 1), ("reminder", 2), ("reminder", 2)):
        assert (await tell(notifier, event=event, number=number)).notified == ("anna",)
    assert len(mail_sink.messages()) == 3


async def test_nothing_is_sent_before_the_archive_answers(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """Whether it was sent before cannot be told, so it is left for later."""
    await mail_sink.arm("GET /messages", "status", times=1)
    report = await tell(telling(ANNA))
    assert (report.notified, [one.name for one in report.later]) == ((), ["anna"])
    assert mail_sink.messages() == []


@pytest.mark.parametrize(
    ("addresses", "why"),
    [
        ((), "has no mail address"),
        (("anna at home",), "refused (invalid_recipient)"),
        (("anna@house.example\r\nBcc: x@evil.example",), "refused (invalid_recipient)"),
    ],
    ids=["none", "no-address", "header"],
)
async def test_one_who_cannot_be_reached_does_not_keep_the_others(
    telling: Telling, mail_sink: MailSinkService, addresses: tuple[str, ...], why: str
) -> None:
    """The report names them and the reason."""
    unreachable = ANNA.model_copy(update={"addresses": addresses})
    report = await tell(telling(unreachable, BEN))
    assert report.notified == ("ben",)
    assert [(one.name, one.why) for one in report.undelivered] == [("anna", why)]
    assert len(mail_sink.messages()) == 1


async def test_an_address_that_the_mail_server_refuses_is_not_tried_again(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """A 550 is an answer; the report has its code, and no attempt is lost to it."""
    await mail_sink.arm("SMTP DATA", "status", status=550, recipient="anna@house.example")
    report = await tell(telling(ANNA, BEN))
    assert report.notified == ("ben",)
    assert [(one.name, one.why) for one in report.undelivered] == [("anna", "refused (smtp_550)")]


async def test_of_a_decision_only_those_hear_who_heard_of_the_gate(
    telling: Telling, mail_sink: MailSinkService
) -> None:
    """And not the one who decided."""
    report = await tell(telling(ANNA, BEN), event="decided", owner="ben", notified=("anna", "ben"))
    assert report.notified == ("anna",)
    [row] = mail_sink.messages()
    assert row["message_id"] == message_id(notice_key(brief(event="decided"), "anna"))
    assert "Nothing more is asked of you here: ben approves." in row["text"]


async def test_an_approvers_file_that_cannot_be_read_is_read_again(telling: Telling, tmp_path: Path) -> None:
    """The attempt fails with the sentence that says what to mend; once mended, the next one tells all."""
    notifier = telling(ANNA)
    good = (tmp_path / "notified.yaml").read_text(encoding="utf-8")
    (tmp_path / "notified.yaml").write_text("approvers: 3\n", encoding="utf-8")
    with pytest.raises(ApplicationError, match=r"notified\.yaml") as failure:
        await tell(notifier)
    assert not failure.value.non_retryable
    (tmp_path / "notified.yaml").write_text(good, encoding="utf-8")
    assert (await tell(notifier, 2)).notified == ("anna",)
