"""What a model is shown of people: placeholders, put back into what it answers."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.language_models.personal_data import Masking
from dispatch.text.unicode_spoofing import undisguised

LISTED = {
    "MAIL": ["ida.berg@post.example", "o+b@a-b.example"],
    "PHONE": ["+49 30 1234567", "0049 (0)30 123 45 67", "030/1234567", "(212) 555-0147", "+44 20 7946 0958"],
    "CARD": ["4111 1111 1111 1111", "5500-0000-0000-0004"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
    "NAME": ["Ida Berg", "Łukasz Żak"],
}
NAMES = tuple(LISTED["NAME"])
VALUES = [(kind, value) for kind, values in LISTED.items() for value in values]


def masked(text: str) -> str:
    return Masking([text], NAMES).mask(text)


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_each_kind_is_masked(kind: str, value: str) -> None:
    """By a placeholder that says what it was."""
    assert masked(f"Write to {value}, please.") == f"Write to [{kind}_1], please."


@pytest.mark.parametrize(
    "text",
    [
        "On 01.02.2026 at 10:15 order DD-10001 of 49.90 EUR came.",
        "2026-11-29 and 29/11/2026, 1,234,567.00 and 12 34 56",
        "Bergen is a town; Idaho is not.",
    ],
)
def test_dates_amounts_and_orders_stay(text: str) -> None:
    """A model that cannot see them could not do its work."""
    assert masked(text) == text


@pytest.mark.parametrize("first", LISTED["PHONE"])
@pytest.mark.parametrize("second", LISTED["PHONE"])
def test_phone_numbers_in_a_row_are_all_masked(first: str, second: str) -> None:
    """Digits that follow one another are not one number that is too long."""
    assert not re.search(r"\d{3}", masked(f"{first} {second} {first}"))


def test_a_long_list_of_numbers_is_masked_in_linear_time() -> None:
    """Whoever writes one must not stop a worker."""
    begun = time.monotonic()
    for text in ("030 1234567 " * 20_000, "0" * 200_000, "+1 " * 70_000, "(0" * 100_000, "1 " * 100_000):
        masked(text)
    assert time.monotonic() - begun < 40


def test_one_value_is_one_placeholder_in_every_text() -> None:
    """So that a model can tell two people apart, and that two texts speak of one."""
    masking = Masking(["a@x.example b@x.example", "a@x.example"])
    assert masking.mask("a@x.example b@x.example") == "[MAIL_1] [MAIL_2]"
    assert masking.mask("a@x.example") == "[MAIL_1]"
    assert masking.restored({"[MAIL_1]": ["to [MAIL_2]", 3, None]}) == {
        "a@x.example": ["to b@x.example", 3, None]
    }


def test_a_placeholder_that_stands_for_nothing_is_told() -> None:
    """A model makes up what looks right."""
    masking = Masking(["a@x.example"])
    masking.mask("a@x.example")
    assert masking.invented("[MAIL_1] [NAME_7] [NOTE_1]") == ("[NAME_7]",)


def test_a_text_with_placeholders_of_its_own_is_restored_as_it_was() -> None:
    """A stranger cannot write a placeholder that becomes somebody else's address."""
    text = "[MAIL_1] and [NAME_1_1] and a@x.example"
    masking = Masking([text])
    hidden = masking.mask(text)
    assert hidden == "[MAIL_1] and [NAME_1_1] and [MAIL_2_1]"
    assert masking.restore(hidden) == text


@pytest.mark.parametrize(
    "text",
    [
        "ida.berg\u200b@post.example",
        "ida.berg＠post.example",  # noqa: RUF001 (what is tested)
        "４１１１ 1111 1111 1111",  # noqa: RUF001 (as above)
        "4111\u20131111\u20131111\u20131111",
        "IDA   BERG",
        "Ida\nBerg",
        "L\u0308ukasz Z\u0307ak",
        "Łukasz Z\u0307ak",
        "+49\u00a030\u00a01234567 123456789012",
    ],
)
def test_a_disguise_hides_nothing(text: str) -> None:
    """Full-width and invisible characters, other dashes, accents apart from their letters."""
    found = re.fullmatch(r"(L\u0308ukasz Z\u0307ak)|\[[A-Z]+_1\]", masked(text))
    assert found, masked(text)


WORDS = st.one_of(
    st.sampled_from([value for _, value in VALUES]),
    st.text(max_size=12),
    st.text(alphabet="[]_MAILNE1+0 @.-/()", max_size=12),
    st.sampled_from(["[MAIL_1]", "[NAME_1_2]", "[MA", "IL_1]", "01.02.2026"]),
)


@given(st.lists(WORDS, max_size=12), st.sampled_from(["", " ", "\n", ", "]))
def test_what_was_masked_comes_back_exactly(parts: list[str], between: str) -> None:
    """Whatever the text is: restore(mask(x)) == x."""
    text = between.join(parts)
    masking = Masking([text], NAMES)
    assert masking.restore(masking.mask(text)) == text


@given(st.lists(WORDS, max_size=8), st.sampled_from(VALUES), st.lists(WORDS, max_size=8))
def test_nothing_listed_leaks(before: list[str], listed: tuple[str, str], after: list[str]) -> None:
    """Wherever a value stands between other words, the masked text does not hold it."""
    text = f"{' '.join(before)} ; {listed[1]} ; {' '.join(after)}"
    assert listed[1] not in undisguised(masked(text))


@given(st.text(max_size=200), st.lists(st.text(min_size=2, max_size=10), max_size=4))
def test_no_listed_name_stays_as_a_word(text: str, names: list[str]) -> None:
    """In any case of its letters, whatever the name is."""
    plain = [" ".join(undisguised(name).split()) for name in names]
    text = f"{text} {' '.join(names)}"
    hidden = Masking([text], names).mask(text)
    for name in plain:
        if len(name) > 1 and name.isalpha():
            assert not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", re.sub(r"\[[A-Z]+(_\d+)+\]", "", hidden))
