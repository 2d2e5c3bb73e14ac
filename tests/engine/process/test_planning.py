from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.request.item import Item
from dispatch.models.work.finding import Finding, FindingStatus
from dispatch.models.work.plan import Plan, PlanBrief, Step
from dispatch.process.planning import plan
from tests.asked import HANDOFF, in_force, item, playbook_content


def planned(*items: Item, findings: tuple[Finding, ...] = (), **changes: Any) -> Plan:
    return plan(PlanBrief(handoff=HANDOFF, playbook=in_force(**changes), items=items, findings=findings))


def finding(status: FindingStatus, specialist: str = "records") -> Finding:
    return Finding(handoff=HANDOFF, specialist=specialist, status=status, summary="so")


def test_an_ask_that_the_playbook_escalates_comes_first() -> None:
    """A request that a person must see asks its requester nothing first."""
    result = planned(item(1, "other"), item(2, "other"))
    assert (result.step, result.rule, result.why) == (Step.ESCALATE, "unknown_ask", "no answer to it")
    assert (result.handoff, result.set_aside) == (HANDOFF, {})


def test_an_ask_for_a_person_does_not_silence_the_others() -> None:
    """It is set aside with the rule's reason; questions and work are for the rest alone, before and after findings."""
    items = item(1, "status"), item(2, "other"), item(3, "hours")
    asked = planned(*items)
    assert (asked.step, asked.set_aside) == (Step.ASK, {"item-2": "no answer to it"})
    assert [question.item_ids for question in asked.questions] == [("item-1",)]
    after = planned(*items, findings=(finding(FindingStatus.FOUND),))
    assert (after.step, after.set_aside) == (Step.ASSEMBLE, {"item-2": "no answer to it"})


def test_a_desk_that_delivers_nothing_sets_nothing_aside() -> None:
    """Nobody would be told which part is done."""
    result = planned(item(1, "status"), item(2, "other"), deliver=None)
    assert (result.step, result.set_aside) == (Step.ESCALATE, {})


def test_everything_missing_is_asked_at_once() -> None:
    """One question for each field, naming every item that lacks it."""
    result = planned(item(1, "damaged"), item(2, "status"), item(3, "status", order_number="DD-10001"))
    assert (result.step, result.rule) == (Step.ASK, "plan")
    assert [(q.field, q.item_ids) for q in result.questions] == [
        ("order_number", ("item-1", "item-2")),
        ("damage", ("item-1",)),
    ]
    assert result.questions[0].example == "DD-10001"


def test_only_the_specialists_that_the_items_need_are_called() -> None:
    """Groups keep the playbook's order; who is named by no ask is always called; empty groups are dropped."""
    assert planned(item(1, "refund")).groups == (("records",), ("policy",), ("writer",))
    assert planned(item(1, "status", order_number="DD-10001")).groups == (("records",), ("writer",))
    assert planned(item(1, "hours")).groups == (("writer",),)


def test_nobody_to_call_means_assemble() -> None:
    """Standing answers need no specialist where none is called always."""
    intents = {
        "hours": {"phrases": ["hours"], "answer": "9 to 18"},
        "x": {"phrases": ["x"], "specialists": ["records"]},
    }
    result = planned(item(1, "hours"), intents=intents, plan={"groups": [["records"]], "max_specialists": 1})
    assert (result.step, result.groups) == (Step.ASSEMBLE, ())


def test_more_specialists_than_allowed_goes_to_a_person() -> None:
    """Leaving one out would leave an item without its work."""
    groups = {"groups": [["records"], ["policy"], ["writer"]], "max_specialists": 2}
    result = planned(item(1, "refund"), plan=groups)
    assert (result.step, result.groups) == (Step.ESCALATE, ())
    assert result.why == "refund: needs 3 specialists, the playbook allows 2"


def test_the_first_rule_that_fires_decides() -> None:
    """Findings are held against the rules in their order, all findings so far."""
    found = (finding(FindingStatus.UNAVAILABLE), finding(FindingStatus.AMBIGUOUS))
    result = planned(item(1, "refund"), findings=found)
    assert (result.step, result.rule) == (Step.ESCALATE, "records_unavailable")


def test_ambiguity_is_asked_about() -> None:
    """The items that the specialist works on and that lack the field are asked about, no others."""
    result = planned(
        item(1, "refund"), item(2, "hours"), item(3, "status", order_number="DD-10001"),
        findings=(finding(FindingStatus.AMBIGUOUS),),
    )  # fmt: skip
    assert (result.step, result.rule) == (Step.ASK, "which_order")
    assert [(q.field, q.item_ids) for q in result.questions] == [("order_number", ("item-1",))]


def test_a_specialist_may_word_the_question() -> None:
    """Only it knows the candidates; pattern and example stay the playbook's, and another finding's words do not count."""
    own = finding(FindingStatus.AMBIGUOUS).model_copy(
        update={"questions": {"order_number": "DD-10001 or DD-10002?"}}
    )
    other = finding(FindingStatus.FOUND, "policy").model_copy(update={"questions": {"order_number": "no"}})
    result = planned(item(1, "status"), findings=(own, other))
    (asked,) = result.questions
    assert (asked.field, asked.text, asked.example) == ("order_number", "DD-10001 or DD-10002?", "DD-10001")
    plain = planned(item(1, "status"), findings=(finding(FindingStatus.AMBIGUOUS), other))
    assert plain.questions[0].text != asked.text


def test_what_was_answered_is_never_asked_again() -> None:
    """A number is stated and the records are ambiguous still: a person, not the same question forever."""
    result = planned(item(1, "refund", order_number="DD-10001"), findings=(finding(FindingStatus.AMBIGUOUS),))
    assert (result.step, result.rule) == (Step.ESCALATE, "which_order")


def test_no_rule_fires_means_assemble() -> None:
    """Findings that no rule speaks of go on as planned; a rule that says so says why."""
    assert planned(item(1, "refund"), findings=(finding(FindingStatus.FOUND),)).rule == "plan"
    nothing = planned(item(1, "refund"), findings=(finding(FindingStatus.NOTHING),))
    assert (nothing.step, nothing.rule) == (Step.ASSEMBLE, "no_customer")


def test_a_rule_that_asks_by_kind_is_content_once_answered() -> None:
    """It joins its question to what else is missing, and lets the work go on when it has its answer."""
    rule = {
        "name": "why",
        "when": {"intent": "damaged"},
        "do": "ask",
        "field": "reason",
        "why": "we want to know",
    }
    fields = {
        **playbook_content()["fields"],
        "reason": {"question": "Why?", "pattern": ".{1,20}", "example": "too big"},
    }
    first = planned(item(1, "damaged", damage="the lid is off"), routing_rules=[rule], fields=fields)
    assert (first.step, [q.field for q in first.questions]) == (Step.ASK, ["reason", "order_number"])
    told = {"damage": "the lid is off", "reason": "so", "order_number": "DD-10001"}
    assert planned(item(1, "damaged", **told), routing_rules=[rule], fields=fields).step is Step.CALL


def test_a_rule_with_status_and_ask_needs_both() -> None:
    """Every part of a condition that is given must hold."""
    rule = {
        "name": "both",
        "when": {"specialist": "records", "status": "nothing", "intent": "status"},
        "do": "escalate",
        "why": "w",
    }
    found = (finding(FindingStatus.NOTHING),)
    assert planned(item(1, "refund"), findings=found, routing_rules=[rule]).step is Step.ASSEMBLE
    assert planned(item(1, "status"), findings=found, routing_rules=[rule]).step is Step.ESCALATE


_NAMES = st.sampled_from(["records", "policy", "writer"])
_ITEMS = st.lists(
    st.sampled_from(["damaged", "refund", "status", "hours", "other", "nonsense"]), min_size=1, max_size=6
)


@given(
    kinds=_ITEMS,
    found=st.lists(st.tuples(st.text(max_size=9) | _NAMES, st.sampled_from(FindingStatus)), max_size=3),
    filled=st.booleans(),
    most=st.integers(min_value=1, max_value=4),
)
def test_a_plan_names_only_what_the_playbook_lists(
    *, kinds: list[str], found: list[tuple[str, FindingStatus]], filled: bool, most: int
) -> None:
    """Whatever comes in, no specialist outside the list, no more than allowed, none twice, no empty group."""
    fields = {"order_number": "DD-10001", "damage": "the lid is off"} if filled else {}
    items = [item(n, kind, **fields) for n, kind in enumerate(kinds, 1)]
    groups = {"groups": [["records"], ["policy"], ["writer"]], "max_specialists": most}
    result = planned(*items, findings=tuple(finding(s, name) for name, s in found), plan=groups)
    called = [name for group in result.groups for name in group]
    assert set(called) <= {"records", "policy", "writer"}
    assert len(called) == len(set(called)) <= most
    assert all(result.groups) or not result.groups
    assert bool(result.groups) == (result.step is Step.CALL)
    assert bool(result.questions) == (result.step is Step.ASK)
    ids = {i.item_id for i in items}
    assert all(q.item_ids and ids.issuperset(q.item_ids) for q in result.questions)
    assert not (filled and result.step is Step.ASK)


HANDED_OVER: Final = {
    "status": {
        "phrases": ["where is"],
        "requires": ["order_number"],
        "hand_over": "the courier must be asked",
    },
    "hours": {"phrases": ["opening hours"], "answer": "From 9 to 18."},
}


def test_what_a_person_takes_is_asked_for_first() -> None:
    """Fields are collected before a person gets the request; then it is theirs, with the playbook's reason."""
    asked = planned(item(1, "status"), intents=HANDED_OVER)
    assert (asked.step, [q.field for q in asked.questions]) == (Step.ASK, ["order_number"])
    known = planned(item(1, "status", order_number="DD-10001"), intents=HANDED_OVER)
    assert (known.step, known.rule, known.why) == (Step.ESCALATE, "hand_over", "the courier must be asked")


def test_what_a_person_takes_does_not_hold_up_the_rest() -> None:
    """Once it is known enough of, it is set aside, and the others are worked on."""
    items = item(1, "status", order_number="DD-10001"), item(2, "hours")
    result = planned(*items, intents=HANDED_OVER)
    assert (result.step, result.set_aside) == (Step.CALL, {"item-1": "the courier must be asked"})
    alone = planned(*items, intents=HANDED_OVER, deliver=None)
    assert (alone.step, alone.set_aside) == (Step.ESCALATE, {})
