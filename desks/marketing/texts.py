"""The marketing desk's sentences for requesters, read once from `texts.yaml`."""

from pathlib import Path
from typing import Annotated, Final

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH
from dispatch.texts.loader import filled_with, load_texts

LANGUAGES: Final = (ENGLISH, "de")

_Plain = Annotated[str, filled_with()]
_Counted = Annotated[str, filled_with("count")]
_Named = Annotated[str, filled_with("name")]


class MarketingTexts(Contract):
    """All sentences of one language; the first five name the channels."""

    mail: _Plain
    post: _Plain
    ad: _Plain
    landing_page: _Plain
    other: _Plain
    unchanged: _Named
    changed: Annotated[str, filled_with("name", "count", "list")]
    one_change: _Plain
    changes: _Counted
    written_by_a_person: _Named
    nothing_open: _Plain
    open: _Plain
    more: _Counted
    published: Annotated[str, filled_with("channel")]
    scheduled: Annotated[str, filled_with("channel", "when")]
    only_checked: _Plain
    not_published: _Plain

    def channel(self, name: str) -> str:
        """Return what a channel is called; a business's own channels have no word here."""
        named: str = getattr(self, name) if name in _CHANNELS else name.replace("_", " ") or self.other
        return named


_CHANNELS: Final = ("mail", "post", "ad", "landing_page")
_TEXTS: Final = load_texts(Path(__file__).with_name("texts.yaml"), MarketingTexts, LANGUAGES)


def marketing_texts(language: str) -> MarketingTexts:
    """Return the sentences in a language, or in English if the desk has none in it."""
    return _TEXTS.get(language, _TEXTS[ENGLISH])
