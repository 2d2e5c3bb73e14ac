import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.text.new_words import own_words
from dispatch.text.normalise import MAX_TEXT_CHARS, as_read, fold, normalise, one_line


@pytest.mark.parametrize(
    ("hidden", "name"),
    [
        ("\u200b", "ZERO WIDTH SPACE"),
        ("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
        ("\u00ad", "SOFT HYPHEN"),
        ("\U000e0041", "TAG LATIN CAPITAL LETTER A"),
        ("\x07", "control character"),
        ("\u3164", "HANGUL FILLER"),
        ("\U000e0101", "VARIATION SELECTOR-18"),
    ],
)
def test_hidden_characters_are_removed_and_named(hidden: str, name: str) -> None:
    """A person who reads the notes learns which characters the sender hid, and how many."""
    clean = normalise(f"re{hidden}fu{hidden}nd")
    assert clean.text == "refund"
    assert clean.notes == (f"removed 2 hidden characters: 2 x {name} (U+{ord(hidden):04X})",)


def test_plain_text_is_left_as_it_is() -> None:
    """Line ends, blanks and composed letters are made one way; nothing else changes and nothing is noted."""
    assert normalise("Mu\u0308ller \t &lt;b&gt;\r\n\r\n\r\n\r\nend ").text == "Müller &lt;b&gt;\n\nend"
    assert normalise("a\r\nb\u2028c").notes == ()


@given(st.text(alphabet=st.characters(), max_size=300))
def test_normalising_is_stable_and_hides_nothing(text: str) -> None:
    """Whatever comes in, a second look finds nothing more to remove."""
    once = normalise(text).text
    again = normalise(once)
    assert again == (once, ())
    assert all(char == "\n" or char.isprintable() or char.isspace() or ord(char) > 0x7F for char in once)
    once.encode("utf-8")


def test_stacked_accents_do_not_take_quadratic_time() -> None:
    """One letter under fifty thousand accents is cut down before it is normalised."""
    started = time.thread_time()
    clean = normalise("a" + "\u0301\u0323" * 25_000)
    assert time.thread_time() - started < 1
    assert clean.notes == ("removed 49,992 stacked accents",)


def test_text_beyond_the_cap_is_cut_with_a_note() -> None:
    """A text is never larger than what history can carry, and the cut is on record."""
    clean = normalise("x" * (MAX_TEXT_CHARS + 5))
    assert len(clean.text) == MAX_TEXT_CHARS
    assert clean.notes == ("cut after 100,000 of 100,005 characters",)


def test_quoted_lines_and_signatures_are_not_own_words() -> None:
    """Only what the sender wrote now can hold an ask."""
    mail = "Where is it?\n\nOn Mon, 2 Nov 2026, Desk wrote:\n> Please tell us the number.\n-- \nJane\nPlease recycle"
    assert own_words(normalise(mail).text) == "Where is it?"


def test_a_wrapped_line_of_attribution_is_not_own_words() -> None:
    """Mail programs break 'On ... wrote:' over two lines."""
    mail = "Yes please.\nOn Mon, 2 Nov 2026 at 10:00 The Support Desk\n<support@desk.example> wrote:\n> Shall we?"
    assert own_words(mail) == "Yes please."


def test_a_mail_of_quotes_alone_is_kept_whole() -> None:
    """Where nothing else is left, the quoted text is the request."""
    assert own_words("> Please refund me.") == "> Please refund me."


def test_comparison_ignores_case_accents_width_and_lookalikes() -> None:
    """What reads the same to a person compares as the same."""
    assert fold("\uff32\u00c9FUND Straße") == "refund strasse"
    assert as_read("\u0456gn\u043er\u0435") == "ignore"
    assert one_line(" a\n b\u200b ") == "a b"
