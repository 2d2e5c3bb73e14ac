"""Figures of how well a desk understands, by cases made by hand."""

import json
from dataclasses import replace

import pytest

from dispatch.evals.understanding import Case, Figures, Reading, confusion, figures_by_source, read_cases

INTENTS = ("repair", "hire")


def case(*labels: str, source: str = "shop") -> Case:
    return Case(text="any", labels=list(labels), source=source)


def reading(*kinds: str, routed: bool = True, unaided: bool = False) -> Reading:
    return Reading(routed, kinds, unaided)


def measured(*pairs: tuple[Case, Reading]) -> Figures:
    (one,) = figures_by_source(pairs, INTENTS).values()
    return one


@pytest.mark.parametrize(
    ("labelled", "read", "figures"),
    [
        (
            case("repair"),
            reading("repair"),
            Figures(n=1, in_scope=1, routed=1, kind_right=1, routed_and_right=1),
        ),
        (
            case("hire", "repair"),
            reading("repair", "hire"),
            Figures(n=1, in_scope=1, routed=1, kind_right=1, routed_and_right=1, split=1),
        ),
        (case("repair"), reading("repair", routed=False), Figures(n=1, in_scope=1, kind_right=1)),
        (case("repair"), reading("hire"), Figures(n=1, in_scope=1, routed=1, wrong_kind=1)),
        (case("repair"), reading("repair", "other"), Figures(n=1, in_scope=1, routed=1, split=1)),
        (case("repair"), reading("other"), Figures(n=1, in_scope=1, routed=1)),
        (case("other"), reading("other"), Figures(n=1, routed=1)),
        (case("repair", "other"), reading("other"), Figures(n=1, in_scope=1, routed=1)),
        (
            case("repair", "other"),
            reading("repair", "other"),
            Figures(n=1, in_scope=1, routed=1, kind_right=1, routed_and_right=1, split=1),
        ),
        (
            case("none"),
            reading("hire", unaided=True),
            Figures(n=1, routed=1, wrong_kind=1, unaided=1, unaided_wrong=1),
        ),
        (case("offtopic"), reading(routed=False), Figures(n=1)),
        (
            case("hire"),
            replace(reading("hire", "other"), answers_a_part=True),
            Figures(n=1, in_scope=1, routed=1, split=1),
        ),
        (
            case("hire"),
            replace(reading("repair", "other"), answers_a_part=True),
            Figures(n=1, in_scope=1, routed=1, wrong_kind=1, split=1, unaided_wrong=1),
        ),
        (
            case("hire"),
            reading("hire", unaided=True),
            Figures(n=1, in_scope=1, routed=1, kind_right=1, routed_and_right=1, unaided=1),
        ),
    ],
)
def test_each_figure_counts_what_it_says(labelled: Case, read: Reading, figures: Figures) -> None:
    """Right means every item; what has no label of the desk's own is out of scope, and never rightly answered."""
    assert measured((labelled, read)) == figures


def test_sources_go_by_what_is_before_the_colon() -> None:
    """The rest is for people."""
    pairs = [
        (case("hire", source=source), reading("hire")) for source in ("mail:long", "mail", "chat:short:x")
    ]
    assert {name: one.n for name, one in figures_by_source(pairs, INTENTS).items()} == {"chat": 1, "mail": 2}


def test_a_confusion_shows_what_was_made_of_each_label() -> None:
    """A case counts once: as right, as the wrong intent that one of its items has, as other, or as not routed."""
    table = confusion(
        [
            (case("hire", "repair"), reading("repair")),
            (case("repair"), reading("other", "hire")),
            (case("repair"), reading("other")),
            (case("repair"), reading("repair", routed=False)),
            (case("none"), reading("other")),
        ]
    )
    assert table == {"none": {"other": 1}, "repair": {"repair": 1, "hire": 1, "other": 1, "not routed": 1}}


def test_all_that_is_wrong_with_a_file_is_said_at_once() -> None:
    """With file and line, what is wrong and what to do; good lines and empty ones are no problem."""
    good = {"text": "the saw is blunt", "labels": ["repair"], "source": "mail:short"}
    lines = [
        json.dumps(good),
        "",
        "{oops",
        '"text"',
        json.dumps(good | {"mood": "bad"}),
        json.dumps({"text": "no labels", "source": "mail"}),
        json.dumps(good | {"labels": []}),
        json.dumps(good | {"labels": "repair"}),
        json.dumps(good | {"text": " \u200b "}),
        json.dumps(good | {"labels": ["repare"]}),
        json.dumps(good | {"labels": ["none", "repair"]}),
    ]
    read = read_cases("mine.jsonl", "\n".join(lines), INTENTS)
    assert [one.text for one in read.cases] == ["the saw is blunt"]
    expected = {
        3: "not JSON",
        4: "no object",
        5: "'mood' is unknown",
        6: "'labels' is wrong",
        7: "'labels' is wrong",
        8: "'labels' is wrong",
        9: "'text' says nothing",
        10: "no intent 'repare'; a label is one of: repair, hire, other, none, offtopic",
        11: "'none' stands beside other labels",
    }
    assert len(read.problems) == len(expected)
    for problem, (line, words) in zip(read.problems, expected.items(), strict=True):
        assert problem.startswith(f"mine.jsonl, line {line}: "), problem
        assert words in problem


def test_a_file_without_cases_is_a_problem() -> None:
    """Nothing measured is not the same as nothing wrong."""
    (problem,) = read_cases("mine.jsonl", "\n\n", INTENTS).problems
    assert "it has no cases" in problem
