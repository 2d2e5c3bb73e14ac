"""What the requester is told of their copy, paragraph by paragraph."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from desks.marketing.judged_copy import JudgedCopy
from desks.marketing.models.facts import Made
from desks.marketing.models.flag import Flag
from desks.marketing.rules.noting import fewest
from desks.marketing.rules.telling import sentence, without_links
from desks.marketing.texts import MarketingTexts, marketing_texts
from dispatch.models.moments import format_moment


class Telling(NamedTuple):
    """In which language, at which moment, and whether the publication is recommended."""

    language: str
    now: datetime
    is_published: bool


_MOST_LISTED: Final = 5
_MOST_CHARS: Final = 400


def statement_texts(one: JudgedCopy, flags: Iterable[Flag], most: int, telling: Telling) -> tuple[str, ...]:
    """Return the paragraphs: what was changed, what is open, and whether and when it is published."""
    texts = marketing_texts(telling.language)
    return tuple(
        without_links(text)
        for text in (
            _changed(one, texts),
            _open(one, flags, most, texts),
            _ending(one, texts, telling),
        )
    )


def changes_in_words(changes: Iterable[Made]) -> tuple[str, ...]:
    """Return one line for each replacement."""
    return tuple(
        f"“{one.before}” → “{one.after}”{f' ({one.times} times)' if one.times > 1 else ''}" for one in changes
    )


def _changed(one: JudgedCopy, texts: MarketingTexts) -> str:
    # Without its ending, which a mail program may take for that of a host.
    name, edit = one.facts.source.name.rpartition(".")[0] or one.facts.source.name, one.edit
    if edit.by:
        return texts.written_by_a_person.format(name=name)
    if not edit.number:
        return texts.unchanged.format(name=name)
    count = texts.one_change if edit.number == 1 else texts.changes.format(count=edit.number)
    listed = changes_in_words(edit.changes[:_MOST_LISTED])
    more = len(edit.changes) - len(listed)
    return texts.changed.format(
        name=name, count=count, list=f"{', '.join(listed)}{', …' if more > 0 else ''}"
    )


def _open(one: JudgedCopy, flags: Iterable[Flag], most: int, texts: MarketingTexts) -> str:
    found = fewest(flags, most)
    if not found.shown:
        return texts.nothing_open
    lines = [f"- {_cut(sentence(one.copy.source, each))}" for each in found.shown]
    if found.more:
        lines.append(f"- {texts.more.format(count=found.more)}")
    return "\n".join([texts.open, *lines])


def _ending(one: JudgedCopy, texts: MarketingTexts, telling: Telling) -> str:
    if not telling.is_published:
        return texts.not_published if one.facts.publish else texts.only_checked
    channel, launch = texts.channel(one.facts.channel), one.facts.launch
    if launch is None or launch <= telling.now:
        return texts.published.format(channel=channel)
    return texts.scheduled.format(channel=channel, when=format_moment(launch, telling.language))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_CHARS else f"{line[: _MOST_CHARS - 1]}…"
