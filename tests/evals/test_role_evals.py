"""What a role's decision of a case is worth, and how two measurements differ, by cases made by hand."""

import json
from datetime import UTC, datetime

import pytest

from dispatch.evals.roles import (
    DRAFT_SHAPE,
    REVIEW,
    DraftCase,
    EvalRun,
    FieldsCase,
    Judged,
    Measured,
    Verdict,
    changes,
    judge_draft,
    judge_fields,
    judge_intents,
    read_role_cases,
)
from dispatch.evals.understanding import Case
from dispatch.models.request.item import Item
from dispatch.models.work.model_use import ModelOutcome, ModelUse

KNOWN = frozenset({"repair", "hire"})


def items(*kinds: str) -> tuple[Item, ...]:
    """Return items; a kind with a question mark is doubtful."""
    return tuple(
        Item(item_id=f"item-{n}", text="any", kind=kind.rstrip("?"), is_doubtful=kind.endswith("?"))
        for n, kind in enumerate(kinds, 1)
    )


@pytest.mark.parametrize(
    ("labels", "kinds", "routed", "verdict"),
    [
        (["repair"], ["repair"], True, Verdict.RIGHT),
        (["repair", "hire"], ["repair", "hire"], True, Verdict.RIGHT),
        (["repair"], ["hire"], True, Verdict.WRONG),
        (["repair"], ["repair", "hire"], True, Verdict.WRONG),
        (["repair"], ["repair", "other"], True, Verdict.PERSON),
        (["repair"], ["hire?"], True, Verdict.PERSON),
        (["repair"], ["repair"], False, Verdict.PERSON),
        (["other"], ["other"], True, Verdict.RIGHT),
        (["none"], ["repair?"], True, Verdict.RIGHT),
        (["none"], ["repair"], True, Verdict.WRONG),
        (["offtopic"], ["repair"], False, Verdict.RIGHT),
    ],
)
def test_an_intent_is_right_wrong_or_left_to_a_person(
    labels: list[str], kinds: list[str], *, routed: bool, verdict: Verdict
) -> None:
    """Where a text asks for nothing of the desk's, leaving it to a person is right."""
    case = Case(text="any", labels=labels, source="shop")
    assert judge_intents("c:1", case, items(*kinds), KNOWN, routed=routed).verdict is verdict


@pytest.mark.parametrize(
    ("stated", "found", "verdict"),
    [
        ({"number": "B-1"}, {"number": "B-1"}, Verdict.RIGHT),
        ({"number": "B-1"}, {}, Verdict.PERSON),
        ({"number": "B-1"}, {"number": "B-2"}, Verdict.WRONG),
        ({"number": None}, {}, Verdict.RIGHT),
        ({"number": None}, {"number": "B-2"}, Verdict.WRONG),
        ({"number": "B-1", "day": "3"}, {"number": "B-1"}, Verdict.PERSON),
        ({"number": "B-1"}, {"number": "B-1", "day": "3"}, Verdict.RIGHT),
    ],
)
def test_a_field_is_right_wrong_or_asked_for(
    stated: dict[str, str | None], found: dict[str, str], verdict: Verdict
) -> None:
    """A value that the text does not state is invented, and wrong; of fields that the case does not name nothing is said."""
    assert judge_fields("c:1", FieldsCase(text="any", fields=stated, source="shop"), found).verdict is verdict


@pytest.mark.parametrize(
    ("planted", "flagged", "verdict"),
    [
        ((), (), Verdict.RIGHT),
        ((), ("tone",), Verdict.PERSON),
        (("tone",), ("tone", "length"), Verdict.RIGHT),
        (("tone",), ("length",), Verdict.WRONG),
        (("tone",), (), Verdict.WRONG),
    ],
)
def test_a_planted_fault_must_be_flagged(
    planted: tuple[str, ...], flagged: tuple[str, ...], verdict: Verdict
) -> None:
    """And what is clean must not reach a person."""
    assert judge_draft("c:1", DraftCase(draft="any", labels=planted, source="x"), flagged).verdict is verdict


def measured(**verdicts: Verdict) -> EvalRun:
    cases = tuple(
        Judged(case=case, text="t", expected="e", got="g", verdict=v) for case, v in verdicts.items()
    )
    one = Measured(seconds=1, cases=cases)
    return EvalRun(at=datetime(2026, 1, 1, tzinfo=UTC), desks={"boats": {"intents": {"rules": one}}})


def test_two_measurements_differ_in_the_cases_that_both_have() -> None:
    """A case that is new, or gone, is no change."""
    before = measured(a=Verdict.RIGHT, b=Verdict.WRONG, c=Verdict.RIGHT)
    after = measured(a=Verdict.PERSON, b=Verdict.WRONG, d=Verdict.WRONG)
    (change,) = changes(before, after)
    assert (change.case, change.was, change.now, change.backend) == (
        "a",
        Verdict.RIGHT,
        Verdict.PERSON,
        "rules",
    )


def test_what_a_model_took_is_summed_over_the_cases() -> None:
    """Tokens, cost by currency, and how often the rules took its place."""
    use = ModelUse(
        role="r",
        model="m",
        outcome=ModelOutcome.ACCEPTED,
        tokens_in=9,
        tokens_out=2,
        cost_micros=5,
        currency="EUR",
    )
    fallen = use.model_copy(update={"outcome": ModelOutcome.FELL_BACK, "cost_micros": 0})
    cases = tuple(
        Judged(case=str(n), text="", expected="", got="", verdict=Verdict.RIGHT, use=one)
        for n, one in enumerate((use, fallen, None))
    )
    one = Measured(seconds=1, cases=cases)
    assert (one.tokens, one.cost_micros, one.fell_back) == (22, {"EUR": 5}, 1)


def test_every_line_that_is_no_case_is_told() -> None:
    """With the file, the line, what is wrong and the shape; a harvested case that nobody reviewed is no case yet."""
    lines = [
        '{"draft": "a", "source": "x"}',
        "[1]",
        "{",
        "",
        '{"draft": "b", "source": "x", "wrong": 1}',
        json.dumps({"draft": "c", "source": "x", "labels": [REVIEW]}),
    ]
    cases, problems = read_role_cases("f.jsonl", "\n".join(lines), DraftCase, DRAFT_SHAPE)
    assert [name for name, _ in cases] == ["f.jsonl:1"]
    assert [problem.partition(":")[0] for problem in problems] == [
        f"f.jsonl, line {number}" for number in (2, 3, 5, 6)
    ]
    assert all(problem.endswith(f"write {DRAFT_SHAPE}") for problem in problems)
    assert "REVIEW stands for the standards that it breaks" in problems[-1]
