"""Builds additions from messages, and decides whether an open request may accept them."""

import hashlib
from collections.abc import Sequence
from typing import Final

from dispatch.models.request.addition import MOST_ADDITIONS, MOST_ATTACHMENTS, MOST_CHARS, Addition
from dispatch.models.request.submission import Party, Submission
from dispatch.models.work.plan import Question
from dispatch.process.answers import tells_value
from dispatch.text.asks import is_ask, is_pleasantry
from dispatch.text.courtesies import is_courtesy
from dispatch.text.enclosed import ENCLOSED_MARK, enclosing
from dispatch.text.new_words import new_words
from dispatch.text.normalise import normalise
from dispatch.text.sentences import blocks_of
from dispatch.text.unicode_spoofing import same_address

_MOST_AUTOMATIC: Final = MOST_ADDITIONS // 2


def addition_of(submission: Submission) -> Addition:
    """Return what a message adds to a request that it names: its own words, cut, and its documents.

    No words if everything is quoted: the quote is our question, and its examples are no answers.
    """
    trigger = submission.trigger
    known_by = f"{trigger.kind}\n{trigger.trigger_id}\n{trigger.content}"
    return Addition(
        key=hashlib.sha256(known_by.encode()).hexdigest()[:16],
        sender=submission.sender,
        subject=submission.subject,
        text=_own_text(normalise(submission.body).text)[:MOST_CHARS],
        received_at=trigger.received_at,
        source=submission.source,
        attachments=submission.attachments[:MOST_ATTACHMENTS],
        automatic=submission.automatic,
    )


def _own_text(text: str) -> str:
    """Return the sender's new lines, with what they enclose below them."""
    enclosed = enclosing(text).enclosed
    words = new_words(text)
    return words if enclosed is None else f"{words}\n\n{ENCLOSED_MARK}\n{enclosed}".strip()


def why_not_added(addition: Addition, requester: Party, before: Sequence[Addition]) -> str:
    """Return why a request cannot accept it; empty if it can.

    Only the requester adds to a request: another person's text must not count as the requester's.
    """
    if len(before) >= MOST_ADDITIONS:
        return f"{MOST_ADDITIONS} messages were added already"
    if addition.automatic is not None:
        # Anybody can send these, so they must leave room for the requester's own messages.
        noted = sum(known.automatic is not None for known in before)
        return f"{_MOST_AUTOMATIC} automatic messages were noted already" if noted >= _MOST_AUTOMATIC else ""
    if addition.sender.doubt is not None:
        return addition.sender.doubt.in_words
    if not same_address(addition.sender.address, requester.address):
        return "it was not written by the requester"
    return ""


def says_more(questions: Sequence[Question], text: str) -> bool:
    """Return whether an answer contains more than values, greetings and polite phrases.

    A sentence with a value is its answer; one that asks for something is more, even if it contains a value.
    """
    sentences = [sentence for block in blocks_of(text) for sentence in block.sentences]
    return any(
        (is_ask(sentence) or not tells_value(questions, sentence))
        and not is_courtesy(sentence)
        and not is_pleasantry(sentence)
        for sentence in sentences
    )
