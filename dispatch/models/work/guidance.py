"""People's answers to a proposal that was not approved unchanged: guidance, edits, and rejected actions."""

from enum import StrEnum
from typing import Final

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract

REJECTED: Final = "decision.rejected"
"""The rule id of a refusal by a person."""


class RespondPurpose(StrEnum):
    """The purpose of a response."""

    CHANGE_DRAFT = "change_draft"
    CHANGE_ACTION = "change_action"
    ASK_REQUESTER = "ask_requester"


class Guidance(Contract):
    """A person's response to a proposal: words for the desk, or exact values (an edit).

    `text` is internal: roles may read it and must not repeat it. `question` is sent to the requester unchanged.
    """

    by: str
    decision_id: str
    text: str = Field(default="", description="for the desk alone")
    purpose: RespondPurpose | None = Field(default=None, description="None with an edit")
    about: str = Field(default="", description="'<action name>/<subject>' of the action that was decided on")
    draft: str = Field(default="", description="the draft's text as the person saw it")
    question: str = ""
    unanswered: bool = Field(default=False, description="the requester did not answer the question in time")
    edits: dict[str, dict[str, JsonValue]] = Field(
        default_factory=dict, description="'<action name>/<subject>' -> parameter -> value"
    )
    superseded: tuple[str, ...] = Field(
        default=(),
        description="'<action name>/<subject>' whose edit no longer holds, for an action was rejected after it",
    )


class Declined(Contract):
    """One action that a person rejected: it is no longer proposed, the others are."""

    name: str
    subject: str
    item_ids: tuple[str, ...] = ()
    by: str
    decision_id: str
    reason: str = Field(description="for the desk alone")
    reason_for_requester: str = Field(default="", description="told to the requester as it is")
    is_delivery: bool = Field(default=False, description="whether it is the text for the requester itself")
    draft: str = Field(default="", description="the draft's text as the person saw it")

    @property
    def effect(self) -> str:
        """Return the action's key: '<action name>/<subject>'."""
        return f"{self.name}/{self.subject}"
