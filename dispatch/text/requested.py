"""Checks whether a text asks for one thing in a plain sentence of its sender.

It is for actions that need more than a keyword: 'please do not refund it' contains the word and asks for nothing. A
doubtful sentence is no ask, because a person then reads the request, whereas a false ask would be paid.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from dispatch.models.request.intake import Intake
from dispatch.models.work.guardian import Request
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import BoundAction, Proposal
from dispatch.text import requested_words as words
from dispatch.text.asks import is_ask
from dispatch.text.new_words import new_words
from dispatch.text.normalise import as_read
from dispatch.text.sentences import sentences_of

REQUEST: Final = "request"
"""The source of evidence that is a sentence of the requester's own."""
MOST_READ: Final = 10_000
_LONGEST_SENTENCE: Final = 800
_MARK: Final = "§"
_QUOTES: Final = re.compile(
    r"\u201c[^\u201d\u201c]{0,2000}[\u201d\u201c]|\u201e[^\u201c\u201d\u201e]{0,2000}[\u201c\u201d]|\u00ab[^\u00ab\u00bb]{0,2000}\u00bb"
    r"|\u00bb[^\u00ab\u00bb]{0,2000}\u00ab|\"(?:[^\"\n]|\n(?!\n)){0,2000}\""
    r"|(?:(?<=\s)|^)'[^'\n]{2,400}'(?=[\s.,!?;:]|$)|(?:(?<=\s)|^)\u2018[^\u2018\u2019\n]{2,400}\u2019(?=[\s.,!?;:]|$)"
)
_QUOTE_MARK: Final = re.compile(r"[\"\u201c\u201d\u201e\u00ab\u00bb]")
_INCHES: Final = re.compile(r"(?<=\d)(?:\"|''|\u201d)")
_EARLIER_SUBJECT: Final = re.compile(r"\s?(?:re|fwd?|aw|wg|antw|tr|rv)\s?(?:\[\d+\])?:", re.IGNORECASE)
_ENTRY: Final = re.compile(r" ?(?:[-*\u2022\u2013\u00b7] |\(?\w{1,2}[.)] )")
_CLAUSE: Final = re.compile(
    r"[,;:()\u2013\u2014.!?]+|\s-{1,3}\s"
    r"|\s(?:and|und|so|because|since|but|as|weil|aber|denn|da)\s(?=(?:i|we|it|they|this|that|the|my|our|you|tell|let|inform|explain|send|what|when|where|how|could|can|would|please"
    r"|kindly|do|does|don't|ich|wir|es|sie|die|der|das|bitte|mein|meine|konnen|konnten|never|not|nicht)\b)"
)
_BACK_AND_FORTH: Final = re.compile(r"\b(?:or|oder)\b")
_WORD: Final = re.compile(r"[\w\u00a7]+(?:['-][\w\u00a7]+)*")
_NUMBERED: Final = re.compile(r"\b(?:no|nr|number)\.? (?=\S{0,12}\d)")


class Reading(NamedTuple):
    """The asks for the thing in a text; with any sentence in `doubts` none of them counts as a plain ask."""

    intents: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Return whether it asks, without a contradiction."""
        return bool(self.intents) and not self.doubts


def read(text: str, phrases: Iterable[str], subject: str = "") -> Reading:
    """Return the sentences that ask for what `phrases` name, and those that put such an ask in doubt.

    An ask wishes, requests or orders it, not negated, past, conditional, offered as one of two, reported or quoted.
    A subject asks only as a whole sentence, never as a noun ('Refund for DD-10001'), and never as the subject of a
    reply, which repeats an earlier mail's. Text beyond 10,000 characters is a doubt of its own.
    """
    marked = _Marked(phrases)
    own = words_of_now(text)
    if len(own) > MOST_READ or len(subject) > MOST_READ:
        return Reading(doubts=(f"{own[:200]} …",))
    own = _unquoted(own)
    readings = [marked.reading(sentence) for sentence in _sentences(own)]
    if subject.strip():
        asked = marked.reading(_unquoted(subject), is_title=True)
        readings.append(asked._replace(intents=()) if _EARLIER_SUBJECT.match(subject) else asked)
    if _QUOTE_MARK.search(own) and (found := marked.mentioned(own)):
        # An unclosed quotation: its end is unknown.
        readings.append(Reading(doubts=(found,)))
    return Reading(
        intents=tuple(dict.fromkeys(ask for reading in readings for ask in reading.intents)),
        doubts=tuple(dict.fromkeys(doubt for reading in readings for doubt in reading.doubts)),
    )


def is_one_of(sentence: str, intents: Iterable[str]) -> bool:
    """Return whether a sentence holds one of `asks` or is part of one, whatever its marks and line ends."""
    said = _plain(sentence)
    return bool(said.strip()) and any(_plain(ask) in said or said in _plain(ask) for ask in intents)


def is_plainly_asked(request: Request) -> bool:
    """Return whether the requester's own words ask for it, and a sentence that the action cites is one that asks."""
    reading = read(request.words, request.phrases, request.subject)
    return reading.is_plain and any(is_one_of(cited.text, reading.intents) for cited in request.cited)


def request_of(bound: BoundAction, proposal: Proposal, intake: Intake, playbook: Playbook) -> Request | None:
    """Return the guardian's part of the request; None if the action's policy names no ask."""
    policy = playbook.guardian.actions.get(bound.action.name)
    if policy is None or policy.requires_intent is None:
        return None
    ask = playbook.intents.get(policy.requires_intent)
    cited = set(bound.action.evidence_ids)
    return Request(
        phrases=ask.phrases if ask else (),
        subject=intake.subject,
        # One character more than the limit, so that cut text counts as in doubt.
        words=words_of_now(intake.body)[: MOST_READ + 1],
        cited=tuple(e for e in proposal.evidence if e.source == REQUEST and e.evidence_id in cited),
    )


def words_of_now(text: str) -> str:
    """Return what the sender wrote now, without lines that repeat an earlier subject; nothing where all of it is quoted."""
    return "\n".join(line for line in new_words(text).split("\n") if not _EARLIER_SUBJECT.match(line)).strip()


def _unquoted(text: str) -> str:
    return _QUOTES.sub(" ; ", _INCHES.sub("", text))


def _sentences(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        running = ""
        for line in paragraph.split("\n"):
            begins = _ENTRY.match(line) or (line[:1].isupper() and is_ask(line))
            if begins and running and not running.endswith((":", ",", ";")):
                yield from sentences_of(running)
                running = ""
            running = f"{running} {line}".strip()
        yield from sentences_of(running)


def _plain(text: str) -> str:
    return f" {' '.join(_WORD.findall(as_read(text)))} "


class _Marked:
    """Reads single sentences, with every phrase of the thing written as one mark."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = sorted(
            {_plain(phrase) for phrase in phrases if phrase.strip()}, key=len, reverse=True
        )

    def mentioned(self, text: str) -> str:
        """Return the first sentence that names the thing; empty if none does."""
        return next((s for s in _sentences(text) if _MARK in self._words(s)), "")

    def reading(self, sentence: str, *, is_title: bool = False) -> Reading:
        folded = words.IF_YOU_COULD.compiled.sub(
            "please", words.COURTESY.compiled.sub(" ", _spaced(as_read(sentence)))
        )
        clauses = [self._words(clause) for clause in _CLAUSE.split(_NUMBERED.sub("", folded))]
        clauses = [clause for clause in clauses if clause]
        whole = " ".join(clauses)
        if any(words.REFUSAL.compiled.search(clause) for clause in clauses):
            return Reading(doubts=(sentence,))
        if _MARK not in whole:
            return Reading()
        if len(sentence) > _LONGEST_SENTENCE or _is_doubtful(clauses, whole):
            return Reading(doubts=(sentence,))
        is_question = sentence.rstrip(" \"')*_").endswith("?")
        asking = [_asks(clause, bare=not (is_title or is_question)) for clause in clauses]
        if not any(asking):
            return Reading()
        after = clauses[asking.index(True) + 1 :]
        hangs_on_more = (
            words.REPORTED.compiled.search(whole) is not None
            or any(words.AFTERTHOUGHT.compiled.match(clause) for clause in after)
            or any(words.TIME_CONDITION.compiled.search(clause) for clause in clauses)
            or _offers_a_choice(clauses)
        )
        return Reading(doubts=(sentence,)) if hangs_on_more else Reading(intents=(sentence,))

    def _words(self, text: str) -> str:
        said = _plain(text)
        for phrase in self._phrases:
            while phrase in said:
                said = said.replace(phrase, f" {_MARK} ")
        return said.strip()


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _is_doubtful(clauses: list[str], whole: str) -> bool:
    negated = [clause for clause in clauses if words.NEGATION.compiled.search(clause)]
    if any(_MARK in clause or not words.REASON.compiled.match(clause) for clause in negated):
        return True
    return any(
        pattern.compiled.search(clause)
        for clause in clauses
        for pattern in (words.CONDITION, words.OF_AN_EARLIER_ONE)
    ) or (whole.count(_MARK) > 1 and words.OF_AN_EARLIER_ONE.compiled.search(whole) is not None)


def _asks(clause: str, *, bare: bool) -> bool:
    return words.ASK.compiled.match(clause) is not None or (
        bare and words.BARE_ASK.compiled.match(clause) is not None
    )


def _offers_a_choice(clauses: list[str]) -> bool:
    return any(_MARK in clause and _BACK_AND_FORTH.search(clause) for clause in clauses)
