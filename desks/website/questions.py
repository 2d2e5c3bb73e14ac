"""Words the one question of a request: everything that is not clear, with the places that may be meant quoted."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from desks.website.quoting import quotable
from desks.website.rules.request.jobs import Ask
from desks.website.rules.tasks import Shown
from desks.website.texts import website_texts
from dispatch.models.work.finding import MOST_QUESTION

_MOST_SAID: Final = 160


class Unclear(NamedTuple):
    """One thing to ask: about which words, why, and which places or pages may be meant."""

    said: str
    why: str
    places: tuple[Shown, ...] = ()
    pages: tuple[str, ...] = ()
    more: str = ""


def question_of(unclear: Sequence[Unclear], language: str, hosts: Iterable[str]) -> str:
    """Return the question, which leads to none but these hosts; what does not fit in is left out at its end."""
    texts = website_texts(language)
    parts, allowed = [texts.question_opening], tuple(hosts)
    for one in unclear:
        why = (
            getattr(texts, one.why).format(why=one.more)
            if one.why == "unreadable"
            else getattr(texts, one.why)
        )
        parts.append(texts.about.format(said=_short(one.said), why=why))
        parts += [
            texts.candidate.format(
                reference=place.reference, line=place.line, words=f"“{_short(place.words)}”"
            )
            for place in one.places
        ]
        parts += [texts.page_candidate.format(path=path) for path in one.pages]
    parts.append(texts.question_answer)
    return "\n".join(quotable(part, allowed) for part in parts)[:MOST_QUESTION]


def of_asks(asks: Iterable[Ask]) -> list[Unclear]:
    """Return what is to be asked of pages and words."""
    return [Unclear(ask.said, ask.why, pages=ask.pages) for ask in asks]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SAID else f"{line[: _MOST_SAID - 1]}…"
