"""The inputs and outputs of composers: the desk's draft, or one message to the requester before it."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Facts
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.language import ENGLISH, Language
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Party, Submission, Trigger
from dispatch.models.work.finding import Finding, Refusal, Statement
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.playbook import PlaybookInForce
from dispatch.models.work.proposal import Action, Draft


class Purpose(StrEnum):
    """What a text is for: the result of the work, or a message by the playbook's `contact`."""

    REPLY = "reply"
    QUESTION = "question"
    REMINDER = "reminder"
    NOTICE = "notice"


class ComposeBrief(Contract):
    """The input of a composer; a message has only statements."""

    purpose: Purpose
    requester: Party
    subject: str = Field(description="of the request, as its sender wrote it")
    trigger: Trigger = Field(description="what the text answers, such as the mail that came in")
    statements: tuple[Statement, ...] = Field(description="merged, in the order of the plan")
    items: tuple[Item, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    guidance: tuple[Guidance, ...] = ()
    config: Facts = Field(default_factory=dict, description="the playbook's entry for this composer")
    language: Language = Field(default=ENGLISH, description="in which the requester is written to")


class Composition(Contract):
    """A draft, and the parameters of the action that delivers it."""

    draft: Draft
    parameters: Facts
    subject: str = Field(description="what the action acts on; a message is given its own")


class MessageBrief(StageInput):
    """One question, reminder or notice to write."""

    noun: ClassVar[str] = "a message"

    submission: Submission
    playbook: PlaybookInForce
    purpose: Purpose
    subject: str = Field(
        description="one effect for each: 'question-<n>', 'question-<n>-reminder-<m>', 'notice'"
    )
    paragraphs: tuple[str, ...]
    item_ids: tuple[str, ...] = ()
    reason: str = Field(description="why it goes out, for the trail")
    language: Language = Field(default=ENGLISH, description="in which the requester is written to")


class Message(Contract):
    """The action that sends it; the guardian inspects it like any other."""

    handoff: Handoff
    action: Action
