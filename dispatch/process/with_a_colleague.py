"""What a reply says of a part that was set aside for a person."""

import re
from typing import Final

from dispatch.models.request.item import Item
from dispatch.models.work.finding import Evidence, EvidenceSource, Statement
from dispatch.text.links import foreign_links
from dispatch.text.normalise import one_line
from dispatch.text.unicode_spoofing import undisguised
from dispatch.texts.requester import requester_texts

_MOST_QUOTED: Final = 120
_MOST_EVIDENCE: Final = 500
# A number of so many digits may be a card's or an account's; a reply repeats none. A quotation mark would end the
# requester's words before they end.
_LEADS_AWAY: Final = re.compile(r"[@\u201c-\u201f]|(?:\d\W{0,3}){8}")


def quotable(item: Item) -> str:
    """Return the requester's own words as a mail may repeat them, cut; empty where they are not harmless."""
    words = one_line(item.text)
    if len(words) > _MOST_QUOTED:
        words = f"{words[:_MOST_QUOTED].rsplit(' ', 1)[0]} …"
    leads_away = _LEADS_AWAY.search(undisguised(words)) or foreign_links(words, ())
    return "" if leads_away else words


def with_a_colleague(item: Item, language: str) -> Statement:
    """Return the sentence that tells the requester which part of the request a person takes, in the requester's own words where they are harmless."""
    texts, words = requester_texts(language), quotable(item)
    text = texts.with_a_colleague.format(words=words) if words else texts.part_with_a_colleague
    return Statement(text=text, item_ids=(item.item_id,), evidence_ids=(f"request.{item.item_id}",))


def request_evidence(item: Item) -> Evidence:
    """Return what the requester asked in an item, as evidence of a statement on it."""
    return Evidence(
        evidence_id=f"request.{item.item_id}",
        source=EvidenceSource.REQUEST,
        reference=item.item_id,
        text=one_line(item.text)[:_MOST_EVIDENCE],
    )
