"""The coordinator's next step, by the playbook's routing rules."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.language import ENGLISH, Language
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Finding
from dispatch.models.work.playbook import PlaybookInForce, Writing


class Step(StrEnum):
    """The moves a playbook may ask for."""

    CALL = "call"
    ASK = "ask"
    ESCALATE = "escalate"
    ASSEMBLE = "assemble"


class Question(Contract):
    """One missing value, with a question for the requester."""

    field: str
    text: str
    item_ids: tuple[str, ...]
    pattern: str = Field(description="a regular expression that an answer must match in full")
    example: str
    writings: tuple[Writing, ...] = Field(default=(), description="other ways in which it may be written")
    answer_writings: tuple[Writing, ...] = Field(
        default=(), description="those that count in an answer alone"
    )
    is_description: bool = False
    enclosed: bool = Field(default=False, description="whether it is a text, enclosed or attached")


class PlanBrief(StageInput):
    noun: ClassVar[str] = "the items"

    playbook: PlaybookInForce
    items: tuple[Item, ...]
    findings: tuple[Finding, ...] = ()
    language: Language = Field(default=ENGLISH, description="in which the requester is written to")


class Plan(Contract):
    """The next move; `groups` with CALL, `questions` with ASK, `why` always."""

    handoff: Handoff
    step: Step
    rule: str = Field(description="the handoff rule that decided, or 'plan' for the playbook's own order")
    why: str
    groups: tuple[tuple[str, ...], ...] = ()
    questions: tuple[Question, ...] = ()
    set_aside: dict[str, str] = Field(
        default_factory=dict, description="items that a person takes while the desk does the others -> why"
    )


class AnswerCheck(StageInput):
    """A raw answer with the questions that it must fit: `{"fields": {...}}`, or `{"text": ...}` that it is found in."""

    noun: ClassVar[str] = "an answer"

    raw: JsonValue
    questions: tuple[Question, ...]
    items: tuple[Item, ...]


class AnswerCheckResult(Contract):
    """The usable part of an answer; `items` hold it, `missing` is asked again."""

    handoff: Handoff
    accepted: bool
    problems: tuple[str, ...] = ()
    items: tuple[Item, ...]
    missing: tuple[Question, ...] = ()
    says_more: bool = Field(default=False, description="a text that says more than what was asked")
