"""Only what is certain is put in, nothing else changes, and editing twice is editing once."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks.marketing.brand_file import load_house
from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import CopyForm
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.editing import changes_of, diff_of, edit, with_changes
from desks.marketing.rules.grammar import is_near
from desks.marketing.rules.house import House
from dispatch.models.work.severity import Severity

_PIECES = st.sampled_from(
    ["utilise", "Prior to", "kestrel cloud", "WIFI", "e-mails", "in order to", '"utilise it"', "`utilise`", "https://kestrel.example/utilise", "goretex", "it is -- so", "!!", ".. ", "seperate", "the the", " ", " and ", "\n", "\n\n", "# ", "**", "ok. ", "{{utilise}}", "word"]
)  # fmt: skip
_TEXTS = st.lists(_PIECES, max_size=25).map(" ".join)


@cache
def _house() -> House:
    return load_house()


@given(_TEXTS, st.sampled_from(list(CopyForm)))
def test_editing_twice_is_editing_once(source: str, form: CopyForm) -> None:
    """What the editor leaves has nothing certain to be put in."""
    once = _house().edited(source, form, Occasion())
    twice = _house().edited(once.source, form, Occasion())
    assert twice.source == once.source
    assert not twice.changes


@given(_TEXTS, st.sampled_from(list(CopyForm)))
def test_only_the_flagged_places_change(source: str, form: CopyForm) -> None:
    """All text between the places of one round's changes is as it was, to the letter."""
    house = _house()
    copy = read_source(source, form)
    flags = [flag for rule in (*house.wording, house.grammar) for flag in rule.check(copy, Occasion())]
    changes = changes_of(source, flags)
    places = {(flag.start, flag.end) for flag in flags if flag.is_certain}
    assert {(change.start, change.end) for change in changes} <= places
    edited, shift, before = with_changes(source, changes), 0, 0
    for change in changes:
        kept = source[before : change.start]
        assert edited[before + shift : change.start + shift] == kept
        assert edited[change.start + shift :].startswith(change.after)
        shift += len(change.after) - (change.end - change.start)
        before = change.end
    assert edited[before + shift :] == source[before:]


@pytest.mark.parametrize(
    ("source", "edited"),
    [
        ("Utilise it. UTILISE it. We utilise it.", "Use it. USE it. We use it."),
        ("Send e-mails or an e-mail.", "Send emails or an email."),
        ("Kestrel cloud and KestrelCloud", "Kestrel Cloud and Kestrel Cloud"),
        ("KESTREL CLOUD IS HERE", "KESTREL CLOUD IS HERE"),
        ("so warm!! really?!", "so warm! really?"),
        ("We recieve it untill May.", "We receive it until May."),
        ("“We utilise it”, says Mara Lindqvist.", "“We utilise it”, says Mara Lindqvist."),
        ("See https://kestrel.example/utilise and utilise@kestrel.example", "See https://kestrel.example/utilise and utilise@kestrel.example"),
        ("leverage is left to a person", "leverage is left to a person"),
    ],
)  # fmt: skip
def test_what_is_mechanical_is_put_in(source: str, edited: str) -> None:
    """Capitals follow what is replaced; links, addresses, quotations and what a person must decide stay."""
    assert _house().edited(source, CopyForm.PLAIN, Occasion()).source == edited


def test_markup_is_never_edited_away() -> None:
    """A word with markup inside is left to a person; around it everything stays."""
    source = "We *util*ise it and **utilise** it.\n\n```\nutilise\n```\n"
    assert _house().edited(source, CopyForm.MARKDOWN, Occasion()).source == source.replace(
        "**utilise**", "**use**"
    )


def test_rules_that_undo_one_another_are_left_to_a_person() -> None:
    """A brand that replaces one word by another and back ends with its copy as it came."""

    def find(text: str) -> tuple[object, list[Flag]]:
        at, word = (0, text[:1])
        other = {"a": "b", "b": "a"}.get(word)
        found = Flag(
            rule=f"swap.{word}",
            severity=Severity.MINOR,
            start=at,
            end=1,
            message="x",
            replacement=other,
            is_certain=True,
        )
        return None, [found] if other else []

    edited = edit("a", find)  # type: ignore[arg-type]
    assert edited.source in {"a", "b"}
    assert edited.left_out


def test_a_diff_says_what_changed() -> None:
    """It is one that programs for patches read, and empty where nothing changed."""
    assert diff_of("a\nb", "a\nc", "x.txt").splitlines()[-2:] == ["-b", "+c"]
    assert diff_of("a", "a", "x.txt") == ""


def test_a_near_word_differs_by_one_letter_or_two_that_changed_places() -> None:
    """Another letter makes another word, which is no slip of the pen."""
    assert is_near("acommodate", "accommodate")
    assert is_near("freind", "friend")
    assert not is_near("behavior", "behaviours")
    assert not is_near("cat", "car")
