"""Requests and a small playbook for tests of intake, triage, planning and correspondence."""

from datetime import UTC, datetime
from typing import Any

from dispatch.models.canonical import digest_of
from dispatch.models.handoff import Handoff
from dispatch.models.request.item import Item
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.models.work.playbook import Playbook, PlaybookInForce, PlaybookRef, Reception

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HANDOFF = Handoff(
    seq=3,
    sender="coordinator",
    receiver="intake",
    what="a request",
    digest="a" * 64,
    why="it came in",
    decided_by="process",
    at=NOW,
)
DOCUMENT = DocumentRef(sha256="b" * 64, size_bytes=10, media_type="message/rfc822", name="request.eml")
RECEPTION = Reception.model_validate({"routing": {"approvers": ["reception"], "deadline": "1 day"}})


def _waiting() -> dict[str, Any]:
    return {"approvers": ["lead"], "deadline": "2 days"}


def submission(body: str = "Hello", subject: str = "", **changes: Any) -> Submission:
    """Return Jane Doe's mail; `changes` are fields of the submission."""
    fields = {
        "trigger": Trigger(kind="mail", trigger_id="<1@mail.example>", received_at=NOW),
        "sender": Party(address="jane@Mail.Example", name="Jane Doe"),
        "subject": subject,
        "body": body,
        "source": DOCUMENT,
        **changes,
    }
    return Submission.model_validate(fields)


def playbook_content(**changes: Any) -> dict[str, Any]:
    """Return the content of a valid playbook file, as YAML would; `changes` replace whole entries at the top."""
    return {
        "desk": "support",
        "version": "1.0.0",
        "description": "for tests",
        "routing": {"phrases": ["order", "refund", "money back"]},
        "urgency": [
            {"phrases": ["at once"], "priority": 2},
            {"phrases": ["lawyer"], "priority": 1},
            {"phrases": ["no hurry"], "priority": 5},
        ],
        "intents": {
            "damaged": {
                "phrases": ["broken", "arrived broken"],
                "requires": ["order_number", "damage"],
                "specialists": ["records", "policy"],
            },
            "refund": {"phrases": ["refund"], "specialists": ["records", "policy"]},
            "status": {"phrases": ["where is"], "requires": ["order_number"], "specialists": ["records"]},
            "hours": {"phrases": ["opening hours", "Öffnungszeiten"], "answer": "From 9 to 18."},
        },
        "fields": {
            "order_number": {"question": "Which order?", "pattern": r"DD-\d{5}", "example": "DD-10001"},
            "damage": {
                "question": "What is damaged?",
                "pattern": r"(?i)(?:the )?(?:lid|handle) is \w+",
                "example": "the lid is cracked",
            },
        },
        "missing_information": {"deadline": "3 days", "reminders": ["1 day"]},
        "plan": {"groups": [["records"], ["policy"], ["writer"]], "max_specialists": 3},
        "specialists": {"records": {}, "policy": {}, "writer": {}},
        "routing_rules": [
            {"name": "unknown_ask", "when": {"intent": "other"}, "do": "escalate", "why": "no answer to it"},
            {
                "name": "records_unavailable",
                "when": {"specialist": "records", "status": "unavailable"},
                "do": "escalate",
                "why": "the records could not be read",
            },
            {
                "name": "which_order",
                "when": {"specialist": "records", "status": "ambiguous"},
                "do": "ask",
                "field": "order_number",
                "why": "several orders may be meant",
            },
            {
                "name": "no_customer",
                "when": {"specialist": "records", "status": "nothing"},
                "do": "assemble",
                "why": "nobody known",
            },
        ],
        "review": {"reviewers": {"standards": {}}},
        "guardian": {
            "tiers": {
                "low": {"approval": {"signatures": 0}},
                "medium": {"approval": {"signatures": 1}, "waiting": _waiting()},
            },
            "actions": {
                "send_reply": {"tier": "low", "policy": {"link_hosts": ["help.example"]}},
                "issue_refund": {"amounts": {"EUR": [{"up_to_minor": 100, "tier": "medium"}]}},
            },
        },
        "escalation": _waiting(),
        "deliver": {
            "action": "send_reply",
            "compose": "letter",
            "config": {
                "greeting": "Dear {name},",
                "greeting_without_name": "Hello,",
                "closing": "Kind regards",
                "signature": "The desk",
            },
        },
        "contact": {"channel": "mail", "action": "send_reply"},
        "notices": {"rejected": "We cannot do this."},
        **changes,
    }


def in_force(**changes: Any) -> PlaybookInForce:
    """Return the playbook above in force."""
    playbook = Playbook.model_validate(playbook_content(**changes))
    ref = PlaybookRef(desk=playbook.desk, version=playbook.version, digest=digest_of(playbook))
    return PlaybookInForce(ref=ref, playbook=playbook)


def item(number: int = 1, kind: str = "other", text: str = "something", **fields: str) -> Item:
    """Return an item with its fields."""
    return Item(item_id=f"item-{number}", text=text, kind=kind, fields=fields)
