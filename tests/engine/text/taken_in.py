"""A text as the stages read it, for tests that call them in another process."""

from datetime import UTC, datetime

from dispatch.models.handoff import Handoff
from dispatch.models.request.intake import Intake, Triage, TriageBrief
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.process.intake import take_in
from dispatch.process.routing import triage
from tests.desk import SHIPPED

NOW = datetime(2026, 11, 2, tzinfo=UTC)
PLAYBOOKS = SHIPPED
HANDOFF = Handoff(
    seq=1, sender="coordinator", receiver="intake", what="x", digest="0" * 64, why="x", decided_by="x", at=NOW
)


def submission_of(body: str) -> Submission:
    return Submission(
        trigger=Trigger(kind="mail", trigger_id="<1@mail.example>", received_at=NOW),
        sender=Party(address="jane@mail.example", name="Jane Doe"),
        subject="A question",
        body=body,
        source=DocumentRef(sha256="0" * 64, size_bytes=0, media_type="message/rfc822", name="x.eml"),
    )


def take_in_body(body: str) -> Intake:
    return take_in(submission_of(body), HANDOFF)


def triage_body(body: str) -> Triage:
    return triage(
        TriageBrief(handoff=HANDOFF, intake=take_in_body(body), submission=submission_of(body)),
        PLAYBOOKS.by_desk,
        PLAYBOOKS.reception,
    )
