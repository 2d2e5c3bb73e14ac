"""Chooses the coordinator's next step from the options in the playbook."""

from collections.abc import Iterable, Sequence

from dispatch.models.language import ENGLISH, in_language
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Finding
from dispatch.models.work.plan import Plan, PlanBrief, Question, Step
from dispatch.models.work.playbook import Playbook, RoutingRule

OWN_ORDER = "plan"
HAND_OVER = "hand_over"


def plan(brief: PlanBrief) -> Plan:
    """Return the next move, with the rule behind it.

    An item that a rule hands to a person does not silence the others: it is set aside where the desk can tell the
    requester so, and the plan is made for the rest. Before any finding: the playbook's rules on asks, then one question for everything that is missing, then the
    groups of specialists that the items need. With findings: the rules in their order, the first that fires; none
    fires: assemble. A field that the items concerned state already is not asked for again, a person takes over.
    """
    aside = set_aside(brief.playbook.playbook, brief.items)
    rest = tuple(item for item in brief.items if item.item_id not in aside)
    brief = brief.model_copy(update={"items": rest})
    made = _after_findings(brief) if brief.findings else _before_findings(brief)
    return made.model_copy(update={"set_aside": aside})


def set_aside(playbook: Playbook, items: Sequence[Item]) -> dict[str, str]:
    """Return the items that a rule hands to a person, with the rule's reason; none where it would be all of them.

    So is an item whose intent hands it over, once all that the intent requires is known. Only a desk that delivers an
    answer can say which part of the request it is an answer to.
    """
    reasons = _handed_over(playbook, items) | _ruled_out(playbook, items)
    return reasons if playbook.deliver is not None and len(reasons) < len(items) else {}


def _ruled_out(playbook: Playbook, items: Iterable[Item]) -> dict[str, str]:
    reasons = {
        rule.when.intent: rule.why
        for rule in reversed(playbook.routing_rules)
        if rule.do == "escalate" and rule.when.specialist is None and rule.when.intent is not None
    }
    return {item.item_id: reasons[item.kind] for item in items if item.kind in reasons}


def _handed_over(playbook: Playbook, items: Iterable[Item]) -> dict[str, str]:
    found = ((item, playbook.intents.get(item.kind)) for item in items)
    return {
        item.item_id: intent.hand_over
        for item, intent in found
        if intent is not None
        and intent.hand_over is not None
        and all(item.fields.get(field) for field in intent.requires)
    }


def _before_findings(brief: PlanBrief) -> Plan:
    playbook = brief.playbook.playbook
    for rule in playbook.routing_rules:
        # An ask-rule whose field is known by now has had its answer; it is content, not stuck.
        if rule.when.specialist is None and _fires(rule, brief) and not _is_satisfied(rule, brief):
            return _follow(rule, brief)
    questions = missing(playbook, brief.items, brief.language)
    if questions:
        fields = ", ".join(question.field for question in questions)
        return _ask(brief, OWN_ORDER, f"the request lacks: {fields}", questions)
    if handed_over := _handed_over(playbook, brief.items):
        return _move(brief, Step.ESCALATE, HAND_OVER, "; ".join(dict.fromkeys(handed_over.values())))
    return _call(brief)


def _after_findings(brief: PlanBrief) -> Plan:
    for rule in brief.playbook.playbook.routing_rules:
        if _fires(rule, brief) and not (rule.when.specialist is None and _is_satisfied(rule, brief)):
            return _follow(rule, brief)
    return _move(brief, Step.ASSEMBLE, OWN_ORDER, "no handoff rule fires on the findings")


def missing(playbook: Playbook, items: Sequence[Item], language: str = ENGLISH) -> tuple[Question, ...]:
    """Return one question for each required field that an item lacks, naming all items that lack it."""
    lacking: dict[str, list[str]] = {}
    for item in items:
        ask = playbook.intents.get(item.kind)
        for field in ask.requires if ask else ():
            if not item.fields.get(field):
                lacking.setdefault(field, []).append(item.item_id)
    return tuple(_question(playbook, field, ids, language) for field, ids in lacking.items())


def _question(playbook: Playbook, field: str, item_ids: Iterable[str], language: str) -> Question:
    spec = playbook.fields[field]
    return Question(
        field=field,
        text=in_language(spec.question, language),
        item_ids=tuple(item_ids),
        pattern=spec.pattern,
        example=in_language(spec.example, language),
        writings=spec.writings,
        answer_writings=spec.answer_writings,
        is_description=spec.is_description,
        enclosed=spec.enclosed,
    )


def _call(brief: PlanBrief) -> Plan:
    playbook = brief.playbook.playbook
    named = {name for ask in playbook.intents.values() for name in ask.specialists}
    needed = {n for item in brief.items if (ask := playbook.intents.get(item.kind)) for n in ask.specialists}
    groups: list[tuple[str, ...]] = []
    called: set[str] = set()
    for listed in playbook.plan.groups:
        group = tuple(
            name
            for name in dict.fromkeys(listed)
            if name in playbook.specialists and name not in called and (name in needed or name not in named)
        )
        called.update(group)
        groups += [group] if group else []
    kinds = ", ".join(dict.fromkeys(item.kind for item in brief.items))
    if len(called) > playbook.plan.max_specialists:
        # Without it an item would silently stay without its work.
        why = f"{kinds}: needs {len(called)} specialists, the playbook allows {playbook.plan.max_specialists}"
        return _move(brief, Step.ESCALATE, OWN_ORDER, why)
    if not groups:
        return _move(brief, Step.ASSEMBLE, OWN_ORDER, f"{kinds}: needs no specialist")
    return _move(brief, Step.CALL, OWN_ORDER, f"the playbook's groups for: {kinds}", groups=tuple(groups))


def _fires(rule: RoutingRule, brief: PlanBrief) -> bool:
    when = rule.when
    if when.intent is not None and all(item.kind != when.intent for item in brief.items):
        return False
    return when.specialist is None or any(_matches(rule, finding) for finding in brief.findings)


def _matches(rule: RoutingRule, finding: Finding) -> bool:
    return finding.specialist == rule.when.specialist and finding.status == rule.when.status


def _concerned(rule: RoutingRule, brief: PlanBrief) -> tuple[Item, ...]:
    """Return the items that a rule is about; a specialist that no item's ask names works on all of them."""
    intents, when = brief.playbook.playbook.intents, rule.when
    items = tuple(item for item in brief.items if when.intent in {None, item.kind})
    if when.specialist is None:
        return items
    theirs = tuple(i for i in items if i.kind in intents and when.specialist in intents[i.kind].specialists)
    return theirs or items


def _is_satisfied(rule: RoutingRule, brief: PlanBrief) -> bool:
    return rule.field is not None and all(item.fields.get(rule.field) for item in _concerned(rule, brief))


def _follow(rule: RoutingRule, brief: PlanBrief) -> Plan:
    if rule.do != "ask" or rule.field is None:
        return _move(brief, Step(rule.do), rule.name, rule.why)
    lacking = [item.item_id for item in _concerned(rule, brief) if not item.fields.get(rule.field)]
    if not lacking:
        why = f"{rule.why}; {rule.field} is stated already and asking again would not help"
        return _move(brief, Step.ESCALATE, rule.name, why)
    playbook = brief.playbook.playbook
    asked = _question(playbook, rule.field, lacking, brief.language)
    if own := _worded_by_its_specialist(rule, brief):
        asked = asked.model_copy(update={"text": own})
    others = tuple(q for q in missing(playbook, brief.items, brief.language) if q.field != rule.field)
    return _ask(brief, rule.name, rule.why, (asked, *others))


def _worded_by_its_specialist(rule: RoutingRule, brief: PlanBrief) -> str:
    """Return the question as the finding words it that the rule fires on; empty where it does not."""
    fired = (finding for finding in reversed(brief.findings) if _matches(rule, finding))
    return next((own for finding in fired if (own := finding.questions.get(rule.field or "", ""))), "")


def _ask(brief: PlanBrief, rule: str, why: str, questions: tuple[Question, ...]) -> Plan:
    """Return the move to ask; a desk that has no contact hands the request to a person instead."""
    if brief.playbook.playbook.contact is None:
        return _move(brief, Step.ESCALATE, rule, f"{why}; the desk has no contact by which to ask")
    return _move(brief, Step.ASK, rule, why, questions=questions)


def _move(
    brief: PlanBrief,
    step: Step,
    rule: str,
    why: str,
    *,
    groups: tuple[tuple[str, ...], ...] = (),
    questions: tuple[Question, ...] = (),
) -> Plan:
    return Plan(handoff=brief.handoff, step=step, rule=rule, why=why, groups=groups, questions=questions)
