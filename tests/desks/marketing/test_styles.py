"""Rules in the form of Vale styles are run as they are meant, and what cannot be run is told by name."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks.marketing.copy.markdown import read_markdown
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.patterns import Pattern, PatternError
from desks.marketing.rules.vale.loading import load_rule, load_style


def _found(content: dict[str, Any], source: str) -> list[Flag]:
    loaded = load_rule("House", "House/Rule.yml", {"message": "%s", **content})
    assert loaded.rule is not None, loaded.not_run
    assert not loaded.not_run
    return list(loaded.rule.check(read_markdown(source), Occasion()))


def _quotes(content: dict[str, Any], source: str) -> list[str]:
    return [flag.quote for flag in _found(content, source)]


def test_existence_finds_whole_words_and_raw_beginnings() -> None:
    """Tokens are whole words unless `nonword`; raw text stands before them; exceptions are left out."""
    assert _quotes(
        {"extends": "existence", "tokens": ["very"], "ignorecase": True}, "Very everyday, very."
    ) == ["Very", "very"]
    assert _quotes({"extends": "existence", "tokens": [r"\.\.\."], "nonword": True}, "so ... and ...") == [
        "...",
        "...",
    ]
    passive = {"extends": "existence", "raw": [r"\b(?:was|were)\b\s*"], "tokens": [r"\w+ed", "broken"]}
    assert _quotes(passive, "It was broken and they were mended, wasted.") == ["was broken", "were mended"]
    assert _quotes(
        {"extends": "existence", "tokens": ["[A-Z]{3}"], "exceptions": ["API"]}, "API and XYZ"
    ) == ["XYZ"]


def test_a_word_of_another_script_is_whole() -> None:
    """Letters beyond ASCII are letters: an umlaut does not end a word."""
    assert _quotes({"extends": "existence", "tokens": ["über", r"\w+heit"]}, "Überblick, über Schönheit") == [
        "über",
        "Schönheit",
    ]


def test_substitution_tells_both_and_keeps_the_capital() -> None:
    """The message has the expected words first; what is written right already is no alarm."""
    rule = {
        "extends": "substitution",
        "message": "Use '%s', not '%s'.",
        "ignorecase": True,
        "swap": {"it is(?!\\.)": "it's"},
        "action": {"name": "replace"},
    }
    flags = _found(rule, "It is cold. So it is.")
    assert [(flag.message, flag.replacement) for flag in flags] == [("Use 'it's', not 'It is'.", "It's")]


def test_consistency_flags_the_rarer_of_two_spellings() -> None:
    """Only where both stand in one copy."""
    rule = {"extends": "consistency", "either": {"grey": "gray"}}
    assert _quotes(rule, "grey, grey and gray") == ["gray"]
    assert _quotes(rule, "grey and grey") == []


def test_occurrence_counts_in_each_part() -> None:
    """More than the most, or fewer than the least, in each sentence."""
    rule = {"extends": "occurrence", "scope": "sentence", "token": r"\b\w+\b", "max": 3}
    assert len(_found(rule, "One two three. One two three four.")) == 1
    assert len(_found({"extends": "occurrence", "token": "x", "min": 1}, "y")) == 1


def test_capitalization_of_headings() -> None:
    """A sentence's or a title's capitals, with names, abbreviations and what follows an indicator left alone."""
    sentence = {
        "extends": "capitalization",
        "scope": "heading",
        "match": "$sentence",
        "indicators": [":"],
        "exceptions": ["Kestrel"],
    }
    assert _quotes(
        sentence,
        "# This is a heading\n\n# This is a Heading\n\n# Using Kestrel: The guide\n\n# A JSON answer",
    ) == ["This is a Heading"]
    title = {"extends": "capitalization", "scope": "heading", "match": "$title"}
    assert _quotes(title, "# A Walk in the Snow\n\n# A walk in the snow") == ["A walk in the snow"]


def test_conditional_wants_a_definition() -> None:
    """An abbreviation needs its long form somewhere."""
    rule = {
        "extends": "conditional",
        "first": r"\b([A-Z]{3,5})\b",
        "second": r"(?:\b[A-Z][a-z]+ )+\(([A-Z]{3,5})\)",
        "exceptions": ["FAQ"],
    }
    assert _quotes(rule, "The World Health Body (WHB) and WHB, but XYZ. See FAQ.") == ["XYZ"]


def test_repetition_within_a_block() -> None:
    """Two of one word in a row; two headings of one word repeat nothing."""
    rule = {"extends": "repetition", "alpha": True, "tokens": [r"\b\w+\b"]}
    assert _quotes(rule, "the the tent\n\n# tent\n\ntent") == ["the the"]


@pytest.mark.parametrize(
    ("content", "key", "says"),
    [
        ({"extends": "spelling"}, "extends", "Harper"),
        ({"extends": "script"}, "extends", "stranger's code"),
        ({"extends": "sequence"}, "extends", "tagger"),
        ({"extends": "metric"}, "extends", "reading"),
        ({"extends": "existence", "tokens": ["a(?=b)c"]}, "tokens.0", "looks around inside"),
        ({"extends": "existence", "tokens": [r"(a)\1"]}, "tokens.0", "refers back"),
        ({"extends": "substitution", "swap": {"a(": "b"}}, "swap.a(", "no pattern of RE2"),
        ({"extends": "existence", "tokens": ["x"], "scope": "comment"}, "scope", "is not read"),
        ({"extends": "existence", "tokens": ["x"], "sope": "text"}, "sope", "not known"),
        ({"tokens": ["x"]}, "extends", "missing"),
        ({"extends": "occurrence", "token": "x"}, "max", "neither"),
    ],
)
def test_what_cannot_be_run_is_told(content: dict[str, Any], key: str, says: str) -> None:
    """By file and key, and why: nothing is left out in silence."""
    loaded = load_rule("House", "House/Rule.yml", {"message": "m", **content})
    assert loaded.rule is None
    (problem, *_) = loaded.not_run
    assert (problem.file, problem.key) == ("House/Rule.yml", key)
    assert says in problem.in_words


def test_one_bad_entry_leaves_the_others() -> None:
    """A substitution of which one pattern is refused runs with the rest."""
    loaded = load_rule(
        "House",
        "House/R.yml",
        {"extends": "substitution", "message": "%s %s", "swap": {"bad(?=x)y": "b", "colour": "color"}},
    )
    assert loaded.rule is not None
    assert [problem.key for problem in loaded.not_run] == ["swap.bad(?=x)y"]
    assert [flag.quote for flag in loaded.rule.check(read_markdown("a colour"), Occasion())] == ["colour"]


def test_a_rule_that_is_left_out_must_exist() -> None:
    """A name that is misspelt would leave out nothing."""
    _, problems = load_style(
        "House", {"A.yml": {"extends": "existence", "message": "m", "tokens": ["x"]}}, ("B",), ()
    )
    assert "'B'" in problems[0].in_words


def test_a_pattern_made_to_backtrack_ends_at_once() -> None:
    """RE2 takes linear time: what hangs other engines is over in no time here."""
    pattern = Pattern("(a+)+$")
    assert list(pattern.finditer("a" * 50_000 + "b")) == []
    with pytest.raises(PatternError):
        Pattern("x" * 20_001)


@given(st.text(max_size=60))
def test_any_text_is_a_pattern_or_refused(source: str) -> None:
    """A marketer's pattern works or is refused as such; it never fails otherwise."""
    with suppress(PatternError):
        for match in Pattern(source, whole_words=True).finditer("some text, 12 % of it, über"):
            assert match.start < match.end
