"""Statements from findings, by the templates of a playbook, with the actions that they announce.

A statement says only what its template says and what was found. It cites the template, what it was filled with, and whose
findings that came from; what it could not be filled with makes no statement, and a person reads the item.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Self

from pydantic import Field, JsonValue, model_validator

from dispatch.models.contract import Contract, Facts
from dispatch.models.language import Text, in_language
from dispatch.models.request.item import Item
from dispatch.models.work.finding import (
    Brief,
    Evidence,
    EvidenceSource,
    Finding,
    FindingStatus,
    RecommendedAction,
    Refusal,
    Statement,
    is_personal,
)
from dispatch.process.fields import filled
from dispatch.process.statements import merged
from dispatch.roles.conditions import ValueTest
from dispatch.roles.facts import REQUEST, evidence_for, evidence_id, latest, own_items
from dispatch.roles.scope import ACTION, EACH, OWN_ROOTS, Scope, UnknownValueError, Used
from dispatch.text.normalise import fold, one_line

_MOST_EACH: Final = 20
_MOST_QUOTED: Final = 1000


class ActionTemplate(Contract):
    """An action that a paragraph recommends."""

    name: str = Field(description="one that `guardian.actions` lists")
    subject: str = Field(description="a template; one effect for each request, action and subject")
    parameters: Facts = Field(
        default_factory=dict, description="values or templates; a placeholder alone keeps its type"
    )
    why: str = Field(description="a template, for whoever decides")


class Paragraph(Contract):
    """One paragraph: for which items, when, what it says, and what it leads to."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="in evidence and rules")
    intents: tuple[str, ...] = Field(default=(), description="none: whatever the item asks")
    when: tuple[ValueTest, ...] = Field(default=(), description="all must hold")
    each: str | None = Field(
        default=None, description="the path of a list: one paragraph for each, which is {each...}"
    )
    text: Text = Field(description="a template; {action.<parameter>} is what the action will do")
    refuses: bool = Field(default=False, description="whether it is a stated refusal")
    action: ActionTemplate | None = Field(default=None, description="what it leads to")
    goes_on: bool = Field(default=False, description="whether the next paragraph that fits follows")

    @model_validator(mode="after")
    def _acts_or_refuses(self) -> Self:
        if self.refuses and self.action is not None:
            raise ValueError("a paragraph that refuses has no action")
        return self


class WriteConfig(Contract):
    """What a playbook says of a role `write`; for each item the first paragraph that fits is written."""

    paragraphs: tuple[Paragraph, ...] = Field(min_length=1, max_length=200, description="in order")


class _Written(NamedTuple):
    statement: Statement
    evidence: tuple[Evidence, ...]
    refusal: Refusal | None = None
    action: RecommendedAction | None = None


def write(brief: Brief, config: WriteConfig) -> Finding:
    """Return the paragraphs for every item that one fits, after standing answers and refusals of the playbook.

    `ambiguous` where an item has none: what is not said is never taken for said. What an approver edited is what the action
    does and the text says; an item whose action was rejected is left to the process, which says so.
    """
    declined = {item_id for one in brief.declined if not one.is_delivery for item_id in one.item_ids}
    written: list[_Written] = []
    left: list[str] = []
    for item in brief.items:
        if item.item_id in declined:
            continue
        parts, why = _of_item(item, brief, config)
        written += parts
        if not parts and item in own_items(brief):
            left.append(f"{item.item_id}: {why}")
    statements = merged(one.statement for one in written)
    status = FindingStatus.FOUND if statements or declined else FindingStatus.NOTHING
    evidence = {one.evidence_id: one for part in written for one in part.evidence}
    return Finding(
        handoff=brief.handoff,
        specialist=brief.specialist,
        status=FindingStatus.AMBIGUOUS if left else status,
        summary="; ".join((f"{len(statements)} paragraphs", *left)),
        evidence=tuple(evidence.values()),
        statements=statements,
        recommended=tuple(one.action for one in written if one.action is not None),
        refusals=tuple(one.refusal for one in written if one.refusal is not None),
    )


def _of_item(item: Item, brief: Brief, config: WriteConfig) -> tuple[list[_Written], str]:
    """Return what is written of an item, and why nothing is where it is nothing."""
    intent = brief.intents.get(item.kind)
    if intent is not None and (standing := intent.answer or intent.refuse):
        text = in_language(standing, brief.language)
        return [_standing(item, text, brief.specialist, is_refusal=intent.refuse is not None)], ""
    scope = Scope.of(brief.requester, item, brief.findings, brief.language)
    parts: list[_Written] = []
    for paragraph in config.paragraphs:
        if paragraph.intents and item.kind not in paragraph.intents:
            continue
        if not all(test.holds(scope) for test in paragraph.when):
            continue
        try:
            parts += _paragraph(paragraph, item, scope, brief)
        except UnknownValueError as error:
            return [], f"the paragraph {paragraph.name} cannot be filled: {error}"
        except _UnsupportedError as error:
            return [], f"the paragraph {paragraph.name} says what is not held: {error}"
        if not paragraph.goes_on:
            break
    return parts, "no paragraph fits"


class _UnsupportedError(Exception):
    """A value that no evidence holds."""


def _paragraph(paragraph: Paragraph, item: Item, scope: Scope, brief: Brief) -> Iterator[_Written]:
    if paragraph.each is None:
        yield _one(paragraph, item, scope.having(), brief, "")
        return
    many = scope.value(paragraph.each)
    if not isinstance(many, list) or not many or len(many) > _MOST_EACH:
        raise UnknownValueError(f"{paragraph.each} is no list of 1 to {_MOST_EACH}")
    for number, each in enumerate(many, 1):
        # What one of them says came from the list: it is evidence of whoever found that.
        yield _one(paragraph, item, scope.having(**{EACH: each}), brief, str(number))


def _one(paragraph: Paragraph, item: Item, scope: Scope, brief: Brief, number: str) -> _Written:
    action, roots = None, {paragraph.each.partition(".")[0]} if paragraph.each else set()
    if paragraph.action is not None:
        action = _action(paragraph.action, item, scope, brief)
        roots |= {path.partition(".")[0] for path, *_ in scope.used}
        scope = scope.having(**{ACTION: action.parameters})
    template = in_language(paragraph.text, brief.language).strip()
    text = scope.fill(template)
    roots |= {path.partition(".")[0] for path, *_ in scope.used}
    roots |= {path.partition(".")[0] for test in paragraph.when for path in test.paths}
    cited = _cited(roots - set(OWN_ROOTS), item, brief)
    evidence = _own_evidence(paragraph, template, scope.used, cited, item, brief, number)
    _check_held(paragraph, scope.used, item, brief)
    if action is not None:
        evidence = (*evidence, _asked(item, brief))
    ids = tuple(dict.fromkeys(one.evidence_id for one in (*evidence, *cited)))
    refusal = None
    if paragraph.refuses:
        rule = f"{brief.specialist}.{paragraph.name}"
        refusal = Refusal(item_id=item.item_id, reason=text, rule=rule, evidence_ids=ids)
    if action is not None:
        action = action.model_copy(update={"evidence_ids": ids})
    statement = Statement(text=text, item_ids=(item.item_id,), evidence_ids=ids)
    return _Written(statement, evidence, refusal, action)


def _action(template: ActionTemplate, item: Item, scope: Scope, brief: Brief) -> RecommendedAction:
    subject = scope.fill(template.subject)
    parameters = scope.fill_typed(template.parameters)
    edited = _edits(brief, f"{template.name}/{subject}")
    return RecommendedAction(
        name=template.name,
        subject=subject,
        parameters={**(parameters if isinstance(parameters, dict) else {}), **edited},
        item_ids=(item.item_id,),
        why=scope.fill(template.why),
        evidence_ids=(),
    )


def _edits(brief: Brief, effect: str) -> dict[str, JsonValue]:
    """Return what approvers set of an action's parameters, the latest last."""
    edits: dict[str, JsonValue] = {}
    for said in brief.guidance:
        if effect not in said.superseded:
            edits |= said.edits.get(effect, {})
    return edits


def _check_held(paragraph: Paragraph, used: Sequence[Used], item: Item, brief: Brief) -> None:
    """Raise _UnsupportedError for a value that the evidence of whoever found it does not hold."""
    findings = latest(brief.findings)
    for path, _, raw in used:
        root = (
            (paragraph.each or path).partition(".")[0]
            if path.startswith(f"{EACH}.")
            else path.partition(".")[0]
        )
        if root not in findings:
            continue
        texts = [one.text for one in evidence_for(findings[root], item.item_id)]
        if not any(fold(one_line(raw)) in fold(text) for text in texts):
            raise _UnsupportedError(f"the evidence of {root} does not hold {path}")


def _cited(roots: set[str], item: Item, brief: Brief) -> tuple[Evidence, ...]:
    findings = latest(brief.findings)
    return tuple(
        one
        for root in sorted(roots)
        if root in findings
        for one in evidence_for(findings[root], item.item_id)
    )


def _own_evidence(
    paragraph: Paragraph,
    template: str,
    used: Sequence[Used],
    cited: Sequence[Evidence],
    item: Item,
    brief: Brief,
    number: str,
) -> tuple[Evidence, ...]:
    """Return the template as evidence and, where it was filled in, with what; that is as personal as its sources."""
    own = Evidence(
        evidence_id=evidence_id(brief.specialist, "template", paragraph.name, brief.language),
        source=EvidenceSource.PLAYBOOK,
        reference=f"the paragraph {paragraph.name}",
        text=" ".join(template.split()),
    )
    if not used:
        return (own,)
    personal = next((one.source for one in cited if is_personal(one.source)), None)
    from_request = any(path.startswith(("requester.", "item.")) for path, *_ in used)
    impersonal = EvidenceSource.REQUEST if from_request else EvidenceSource.PLAYBOOK
    suffix = (paragraph.name, *([number] if number else []))
    values = Evidence(
        evidence_id=evidence_id(brief.specialist, item.item_id, *suffix),
        source=personal or impersonal,
        reference=f"what {paragraph.name} was filled with",
        text="; ".join(dict.fromkeys(f"{path}: {text}" for path, text, _ in used)),
    )
    return own, values


def _asked(item: Item, brief: Brief) -> Evidence:
    """Return the requester's own words, which an action cites: one that pays is held unless they plainly ask for it."""
    return Evidence(
        evidence_id=evidence_id(brief.specialist, REQUEST, item.item_id),
        source=EvidenceSource.REQUEST,
        reference=item.item_id,
        text=item.text[:_MOST_QUOTED],
    )


def _standing(item: Item, standing: str, specialist: str, *, is_refusal: bool) -> _Written:
    rule, text = f"intents.{item.kind}", filled(standing, item.fields).strip()
    # Filled with what one item says, it is evidence for that item alone.
    suffix = () if text == standing.strip() else (item.item_id,)
    evidence = Evidence(
        evidence_id=".".join((specialist, rule, *suffix)),
        source=EvidenceSource.PLAYBOOK,
        reference=rule,
        text=" ".join(text.split()),
    )
    ids = (evidence.evidence_id,)
    statement = Statement(text=text, item_ids=(item.item_id,), evidence_ids=ids)
    refusal = Refusal(item_id=item.item_id, reason=text, rule=rule, evidence_ids=ids) if is_refusal else None
    return _Written(statement, (evidence,), refusal)
