"""A mail's own words as blocks of sentences: paragraphs with their lines joined, and list entries each alone."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from dispatch.text.asks import is_ask, is_pleasantry
from dispatch.text.normalise import fold

_ENTRY: Final = re.compile(
    r" ?(?:[-*\u2022\u2013\u00b7\u2023\u25aa] |\(?\d{1,2}[.)] ?(?!\d)|\(?[a-z]\) )(?=\S)", re.IGNORECASE
)
_DETAIL: Final = re.compile(r"[^?:]{1,40}: ?\S[^?]{0,200}|[\W\d_]*\w{0,4}[\W\d_]*")
# Begins only where a run of marks begins: tried from every mark of a long run it would take quadratic time.
_END_OF_SENTENCE: Final = re.compile(r"(?<![.!?…])[.!?…]++[\"'\u201d\u2019)\]]*+ ++(?=\S)")
_WORD: Final = re.compile(r"\w+")
_NAME_WORDS: Final = 4
_BELOW_A_NAME: Final = 6
_LABEL_ENDS: Final = (".", "!", "?", ":", ";", ",")
_LONGEST_ABBREVIATION: Final = 40
_CLOSING: Final = re.compile(
    r"(?:many thanks|thank|thx|cheers|best|all the best|kind|warm|regards|sincerely|yours|danke|vielen|mit|viele|liebe gr|lg|mfg|vg)",
    re.IGNORECASE,
)
_ABBREVIATIONS: Final = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "no",
        "nos",
        "nr",
        "e.g",
        "i.e",
        "etc",
        "approx",
        "ca",
        "vs",
        "tel",
        "inc",
    }
    | {"ltd", "z.b", "d.h", "u.a", "bzw", "usw", "ggf", "hr", "fr", "str"}
)


class Block(NamedTuple):
    """Sentences that belong together; `entry` is True for one line of a list, `lead` for what announces a list."""

    sentences: tuple[str, ...]
    entry: bool = False
    lead: bool = False


def sentences_of(text: str) -> tuple[str, ...]:
    """Split at full stops, question and exclamation marks; not after abbreviations, initials or inside numbers."""
    found: list[str] = []
    start = 0
    for match in _END_OF_SENTENCE.finditer(text):
        # One word is looked at and not all since the last end: of many abbreviations in a row that is quadratic.
        near = text[max(start, match.start() - _LONGEST_ABBREVIATION) : match.start()]
        before = near.rsplit(" ", 1)[-1].lstrip("(\"'").lower()
        ends_with_stop = match[0].strip() == "."
        following = text[match.end()]
        if ends_with_stop and (
            before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha() and before != "i")
        ):
            continue
        if ends_with_stop and before.isdigit() and following.islower():
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return tuple(sentence for sentence in found if sentence)


def blocks_of(text: str, sender: str = "") -> tuple[Block, ...]:
    """Return the blocks of a text in order, without greetings, closings and the sender's name with the text below it.

    `sender` is the name that the mail claims.
    """
    blocks: list[Block] = []
    names = frozenset(_WORD.findall(fold(sender)))
    for paragraph in text.split("\n\n"):
        blocks += _paragraph(paragraph, names)
    return tuple(_with_leads([block for block in blocks if block.sentences]))


def _with_leads(blocks: list[Block]) -> Iterator[Block]:
    """Separate the introduction of a list ('Please help me with these:'), which is no ask itself."""
    for index, block in enumerate(blocks):
        *before, last = block.sentences
        announces = (
            not block.entry and last.endswith(":") and index + 1 < len(blocks) and blocks[index + 1].entry
        )
        if announces and before:
            yield Block(tuple(before))
        yield Block((last,), lead=True) if announces else block


def _paragraph(paragraph: str, names: frozenset[str]) -> list[Block]:
    blocks: list[Block] = []
    running: list[str] = []
    entry_lines: list[str] = []
    closed = False

    def end_entry() -> None:
        if entry_lines:
            blocks[-1] = Block((" ".join(entry_lines),), entry=True)
            entry_lines.clear()

    for line in filter(None, paragraph.split("\n")):
        entry = _ENTRY.match(line)
        if entry:
            end_entry()
            blocks.append(_prose(running))
            running = []
            entry_lines.append(line[entry.end() :])
            blocks.append(Block((line[entry.end() :],), entry=True))
        elif is_pleasantry(line):
            end_entry()
            blocks.append(_prose(running))
            running = []
            closed = closed or _CLOSING.match(line) is not None
        elif _is_signed(line, names):
            closed = True
        elif closed and len(line.split()) <= _BELOW_A_NAME and not is_ask(line):
            continue
        elif not running and blocks and blocks[-1].entry and not is_ask(line):
            # A wrapped line of the entry above it.
            entry_lines.append(line)
        else:
            running.append(line)
    end_entry()
    blocks.append(_prose(running))
    return [_told(block) if block.entry else block for block in blocks]


def _prose(lines: list[str]) -> Block:
    # A line that begins an ask starts a new sentence even if the previous line has no full stop.
    joined: list[str] = []
    for line in lines:
        if joined and not joined[-1].endswith(_LABEL_ENDS) and line[:1].isupper() and is_ask(line):
            joined[-1] += "."
        joined.append(line)
    return Block(sentences_of(" ".join(joined)))


def _told(block: Block) -> Block:
    line = block.sentences[0]
    # 'Order: DD-10001' in a list is information; it asks for nothing.
    return Block(sentences_of(line), entry=is_ask(line) or _DETAIL.fullmatch(line) is None)


def _is_signed(line: str, names: frozenset[str]) -> bool:
    words = _WORD.findall(fold(line))
    return 0 < len(words) <= _NAME_WORDS and names.issuperset(words)
