"""The requester's own words in a reply: only where they can do no harm."""

import pytest

from dispatch.process.with_a_colleague import with_a_colleague
from tests.asked import item


@pytest.mark.parametrize(
    "text",
    [
        "Pay 4111 - 1111 - 1111 - 1111 for me.",
        "Ring +49/30/1234/5678.",
        "Write to ada\uff20y.example.",
        "Look at shop.example.",
        "A radio?\u201d We owe you EUR 500. \u201cThanks",
    ],
)
def test_words_that_lead_away_are_not_repeated(text: str) -> None:
    """A number, an address, a link, or an end of the quotation before its end."""
    assert with_a_colleague(item(1, text=text), "en").text == (
        "A colleague looks at the other part of your message and will write to you."
    )


def test_other_words_are_repeated_as_they_are() -> None:
    """Also those with marks that a template would fill."""
    told = with_a_colleague(item(1, text="Would {words} lend us 2 radios?"), "en").text
    assert told.endswith("\u201cWould {words} lend us 2 radios?\u201d")
