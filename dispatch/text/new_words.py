"""Extracts the sender's own new words from a mail, without quotes, earlier mails, signatures and footers.

This only selects the words that count; the document keeps everything for people.
"""

from collections.abc import Iterator
from typing import Final

from dispatch.text.enclosed import enclosing
from dispatch.text.mail_furniture import (
    attribution_lines,
    begins_earlier_mail,
    introduces_all,
    is_device_line,
    is_heading,
    is_notice,
    is_quoted,
    is_signature_mark,
)

_LOOKED_AT: Final = 6
_RULE: Final = frozenset("-_=*~ \u2013\u2014\u2022")


def new_words(text: str) -> str:
    """Return the sender's new lines; none if everything is quoted or enclosed. `text` is normalised."""
    kept = list(_own_lines(enclosing(text).around.split("\n")))
    while kept and not set(kept[-1]) - _RULE:
        # A separator of the earlier mail.
        kept.pop()
    return "\n".join(kept).strip()


def own_words(text: str) -> str:
    """Return the sender's new lines; the whole text if there are none, so that it is never lost, but without what it encloses."""
    return new_words(text) or enclosing(text).around or text


def _own_lines(lines: list[str]) -> Iterator[str]:
    last_quoted = max((index for index, line in enumerate(lines) if is_quoted(line)), default=-1)
    in_notice = heads_notice = False
    index = 0
    while index < len(lines):
        line, near = lines[index], lines[index : index + _LOOKED_AT]
        index += 1
        if not line:
            in_notice, heads_notice = heads_notice, False
            yield line
        elif is_quoted(line):
            in_notice = heads_notice = False
        elif is_signature_mark(line) or begins_earlier_mail(near):
            return
        elif number := attribution_lines(near):
            if index > last_quoted and introduces_all(near[:number]):
                # Without marks only the attribution shows the quote.
                return
            index += number - 1
        elif is_device_line(line):
            continue
        elif in_notice or is_notice(line):
            heads_notice = not in_notice and is_heading(line)
            in_notice = True
        else:
            yield line
