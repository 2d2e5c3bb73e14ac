"""What counts of a reply, over the ways in which mail programs and people of many languages write them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dispatch.text.new_words import new_words, own_words
from dispatch.text.normalise import normalise


class Reply(NamedTuple):
    """A mail's text; `own` holds its sender's new lines."""

    name: str
    text: str
    own: list[str]


def replies() -> Iterator[Reply]:
    """Yield each case of the file: own lines are marked with +, all others with -."""
    for case in Path(__file__).with_name("replies.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        name, *lines = case.splitlines()
        text = "\n".join(line[1:] for line in lines)
        yield Reply(name, text, [line[1:] for line in lines if line.startswith("+")])


REPLIES = tuple(replies())


def test_there_are_enough_kinds_of_replies() -> None:
    """A case that is lost would go unnoticed otherwise."""
    assert len(REPLIES) >= 64


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_only_what_was_written_anew_counts(reply: Reply) -> None:
    """Quotes, earlier mails, signatures and footers are left out, and nothing of the sender's own."""
    found = new_words(normalise(reply.text).text)
    assert [line for line in found.split("\n") if line] == reply.own


def test_a_mail_that_only_forwards_is_read_whole() -> None:
    """Where the sender wrote nothing, the earlier mail is the request; nothing new is in it."""
    mail = "---------- Forwarded message ---------\nFrom: Ida <ida@mail.example>\n\nWhere is my lamp?"
    assert (new_words(mail), own_words(mail)) == ("", mail)
