"""Judges published copy by the brand's rules, for `dispatch desk calibrate`: the noisiest rules make people switch such tools off."""

from functools import cache

from desks.marketing.brand_file import load_house
from desks.marketing.copy.reading import read_source, source_of
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.house import House
from desks.marketing.rules.noting import noted
from dispatch.classification.language import language_of
from dispatch.models.errors import UnreadableTextError

_TYPES = {"md": "text/markdown", "html": "text/html", "htm": "text/html"}


def judge_text(name: str, data: bytes) -> tuple[str, ...]:
    """Return the rules that flag a text, each once, as a person would see them; a file that is no copy has none.

    Channel and region are not known, so rules that need them do not speak.
    """
    try:
        source, form = source_of(data, _TYPES.get(name.rpartition(".")[2].lower(), "text/plain"), name)
    except UnreadableTextError:
        return ()
    copy = read_source(source, form)
    occasion = Occasion(language=language_of(copy.text) or "en")
    return tuple(one.rule for one in noted(_house().judged(copy, occasion)))


@cache
def _house() -> House:
    return load_house()
