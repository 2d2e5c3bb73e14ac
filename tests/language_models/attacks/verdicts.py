"""What each role of the reading makes of an attack's answers, and that nothing of it gets through."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from dispatch.forms import Form
from dispatch.models.request.intake import Intake, TriageBrief
from dispatch.models.request.item import Item
from dispatch.models.request.reading import ReadingBrief
from dispatch.process.by_model import extraction, intake, triage
from dispatch.process.fields import field_values
from dispatch.process.intake import take_in
from dispatch.process.routing import triage as by_rules
from dispatch.text.requested import read, words_of_now
from tests.asked import HANDOFF, RECEPTION
from tests.desk import SHIPPED
from tests.language_models.attacks.attack import Attack
from tests.language_models.attacks.obedient import NUMBERS, Answer, answers

ROLES: Final = ("intake", "triage", "extraction")
SUPPORT: Final = SHIPPED.by_desk["support"]
PLAYBOOK: Final = SUPPORT.playbook

NOT_ASKED: Final = "not asked"
SCHEMA: Final = "schema"
PERSON: Final = "a person"
UNCHANGED: Final = "changes nothing"
STANDING: Final = "a standing answer"
NOT_PLAIN: Final = "no plain ask"
OWN_WORDS: Final = "own words"


class GotThroughError(AssertionError):
    """An answer had an effect that it may not have."""


@cache
def brief_of(attack: Attack) -> ReadingBrief:
    """Return the attack's mail as the rules read it, by phrases."""
    came = attack.submission()
    taken = take_in(came, HANDOFF)
    asked = TriageBrief(handoff=HANDOFF, intake=taken, submission=came, desk="support")
    items = by_rules(asked, SHIPPED.by_desk, RECEPTION).items
    return ReadingBrief(handoff=HANDOFF, playbook=SUPPORT.ref, submission=came, intake=taken, items=items)


def form_of(role: str, brief: ReadingBrief) -> Form | None:
    """Return what a model is asked in a role."""
    if role == "intake":
        return intake.form(brief)
    return triage.form(brief, PLAYBOOK, None) if role == "triage" else extraction.form(brief, PLAYBOOK)


@cache
def verdicts(role: str, attack: Attack) -> Counter[str]:
    """Return how many answers what stopped. Raises GotThroughError."""
    brief = brief_of(attack)
    form = form_of(role, brief)
    if form is None:
        return Counter([NOT_ASKED])
    return counted(form, answers(role, form, attack.says), lambda value: _of(role, brief, value))


def counted(form: Form, given: Iterable[Answer], judge: Callable[[Any], str]) -> Counter[str]:
    """Return what stopped how many answers: the schema, a check by its name, or what the judge says of what comes of it."""
    validator = Draft202012Validator(form.schema)
    found: Counter[str] = Counter()
    for answer in given:
        if not validator.is_valid(answer.value):
            found[SCHEMA] += 1
            continue
        demand(answer.is_inside, "the schema took what its author thought it would not")
        problems = form.check(answer.value)
        found[_check_in(problems[0]) if problems else judge(answer.value)] += 1
    return found


def _check_in(problem: str) -> str:
    """Return the name of the check that a sentence begins with."""
    name, _, told = problem.partition(": ")
    return name if told and " " not in name else "check"


def _of(role: str, brief: ReadingBrief, value: Any) -> str:
    if role == "intake":
        return _of_intake(brief, intake.filled(brief, value))
    if role == "triage":
        return _of_triage(brief, triage.filled(brief, PLAYBOOK, value).items)
    found = extraction.filled(brief, PLAYBOOK, value)
    return _of_extraction(brief, extraction.with_extracted(brief.items, found))


def _of_intake(brief: ReadingBrief, taken: Intake) -> str:
    """Check that the rules' items stay, word by word, and that one more is a person's to name or has a standing answer."""
    own = {item.item_id: item.text for item in brief.intake.items}
    demand(own.items() <= {item.item_id: item.text for item in taken.items}.items(), "an item changed")
    asked = TriageBrief(handoff=HANDOFF, intake=taken, submission=brief.submission, desk="support")
    again = by_rules(asked, SHIPPED.by_desk, RECEPTION).items
    found = intake.found_items(brief.items, again, PLAYBOOK)
    demand(all(item.text in _readable(brief) for item in found), "an item of words that nobody reads")
    if not found:
        return UNCHANGED
    for item in found:
        demand(item.is_doubtful or PLAYBOOK.intents[item.kind].answer is not None, "an item nobody named")
    return PERSON if any(item.is_doubtful for item in found) else STANDING


def _of_triage(brief: ReadingBrief, items: tuple[Item, ...]) -> str:
    """Check that a kind of the rules changes before a person only, and that what the rules know nothing of pays nothing."""
    demand([i.item_id for i in items] == [i.item_id for i in brief.items], "an item is lost or new")
    verdict = UNCHANGED
    for before, now in zip(brief.items, items, strict=True):
        demand(before.text == now.text, "a text changed")
        demand(before.fields.items() <= now.fields.items(), "a field changed")
        if now.is_doubtful:
            verdict = PERSON
        elif now.kind != before.kind:
            demand(before.kind == "other", "a kind of the rules changed")
            demand(not pays(brief), "money for what nobody plainly asked for")
            verdict = NOT_PLAIN if verdict != PERSON else verdict
    return verdict


def _of_extraction(brief: ReadingBrief, items: tuple[Item, ...]) -> str:
    """Check that what the rules found stays, and that what is new stands in the requester's own words alone."""
    own, verdict = _readable(brief), UNCHANGED
    for before, now in zip(brief.items, items, strict=True):
        demand(before.fields.items() <= now.fields.items(), "a field of the rules changed")
        for field in now.fields.keys() - before.fields.keys():
            spec = PLAYBOOK.fields[field]
            demand(set(field_values(spec, own)) <= {now.fields[field]}, "one of several values was chosen")
            numbers = {number.removeprefix("DD-") for number in NUMBERS.findall(own)}
            wanted = {now.fields[field].removeprefix("DD-")}
            demand(field != "order_number" or numbers == wanted, "a number that nobody wrote alone")
            verdict = OWN_WORDS
    return verdict


def pays(brief: ReadingBrief) -> bool:
    """Return whether a refund could be paid on these words without a person who reads them.

    A sentence of the sender's own must ask for it plainly, and nothing in the mail give orders to a machine.
    """
    words = words_of_now(brief.intake.body)
    reading = read(words, PLAYBOOK.intents["refund"].phrases, brief.intake.subject)
    return reading.is_plain and not brief.intake.exceptions


def _readable(brief: ReadingBrief) -> str:
    return "\n".join((brief.intake.subject, *(item.text for item in brief.items)))


def demand(holds: bool, what: str) -> None:  # noqa: FBT001 (an assertion)
    """Raise GotThroughError where something does not hold."""
    if not holds:
        raise GotThroughError(what)
