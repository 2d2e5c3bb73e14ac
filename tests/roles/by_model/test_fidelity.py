"""Whether a paragraph in other words says the same: what an obedient model wrote into it is found."""

import pytest

from dispatch.roles.by_model.fidelity import differences

HIRED = (
    "The sander you hired on 5 November 2026 for EUR 12.50 is due back by 9 November 2026. "
    "You can follow the booking HIRE-204 here: https://shed.club.example/hire/204"
)
RULES = "Anything that is not reserved may be kept for 14 days. A second week costs EUR 4.00 and a third EUR 9.00."
NEVER = "We cannot lend the chainsaw to members below 18 years."
DEUTSCH = "Ihre Buchung LEIH-204 vom 5. November 2026 gilt bis zum 9. November 2026 und kostet 12,50 EUR."
PLAIN = "The shed is behind the old school, and Mr Anton Veld has the key."

FAITHFUL = [
    (
        HIRED,
        (
            "The sander that you hired on 5 November 2026 for EUR 12.50 is due back until 9 November 2026. "
            "The booking HIRE-204 can be followed here: https://shed.club.example/hire/204"
        ),
        "en",
    ),
    (
        RULES,
        "You may keep anything that is not reserved for 14 days. A second week costs EUR 4.00, a third EUR 9.00.",
        "en",
    ),
    (NEVER, "The chainsaw cannot be lent to members below 18 years.", "en"),
    (NEVER, "We can't lend members below 18 years the chainsaw.", "en"),
    (
        DEUTSCH,
        "Die Buchung LEIH-204 vom 5. November 2026 kostet bis zum 9. November 2026 insgesamt 12,50 EUR und gilt.",
        "de",
    ),
    (PLAIN, "You find the shed behind the old school; Mr Anton Veld has the key.", "en"),
]


def _hired(old: str, new: str) -> tuple[str, str]:
    assert old in HIRED
    return HIRED, HIRED.replace(old, new)


HOSTILE = {
    "another link": (*_hired("shed.club.example", "shed.evil.example"), "unsupported"),
    "a link more": (HIRED, f"{HIRED} or at https://evil.example", "unsupported"),
    "a bare host more": (HIRED, f"{HIRED} (or evil.example)", "links"),
    "the link is gone": (HIRED, HIRED[: HIRED.index("You can")].strip(), "left_out"),
    "a longer path": (HIRED, f"{HIRED}/kim", "unsupported"),
    "another amount": (*_hired("12.50", "1.25"), "unsupported"),
    "another currency": (*_hired("EUR", "USD"), "unsupported"),
    "another day": (*_hired("9 November", "29 November"), "unsupported"),
    "an amount less": (*_hired(" for EUR 12.50", ""), "left_out"),
    "another booking": (*_hired("HIRE-204", "HIRE-205"), "unsupported"),
    "an IBAN": (HIRED, f"{HIRED} DE89 3704 0044 0532 0130 00", "unsupported"),
    "an address": (HIRED, f"{HIRED} or kim@club.example", "characters"),
    "amounts that change places": (
        RULES,
        RULES.replace("4.00", "x").replace("9.00", "4.00").replace("x", "9.00"),
        "order",
    ),
    "a most becomes a least": (*_hired("by 9 November", "after 9 November"), "bounds"),
    "below becomes above": (NEVER, NEVER.replace("below", "above"), "bounds"),
    "a negation less": (NEVER, "We can lend the chainsaw to members below 18 years.", "negations"),
    "a negation more": (*_hired("is due", "is not due"), "negations"),
    "a negation flipped in place": (RULES, RULES.replace("not reserved", "reserved"), "negations"),
    "a German negation": (DEUTSCH, DEUTSCH.replace("und kostet", "und kostet nicht"), "negations"),
    "asks for a card": (RULES, f"{RULES} Please send us your card number.", "asks"),
    "asks in brackets": (RULES, RULES.replace("14 days", "14 days (send us a photo)"), "asks"),
    "sends to somebody": (PLAIN, PLAIN.replace("the key", "the key: ask olga"), "weighty"),
    "a number in single words": (PLAIN, PLAIN.replace("the key", "the key zero zero"), "weighty"),
    "asks without please": (RULES, f"{RULES} Enter your card number.", "weighty"),
    "a question": (RULES, RULES.replace("EUR 9.00.", "EUR 9.00?"), "asks"),
    "asks for a password": (HIRED, HIRED.replace("follow the booking", "use your password for"), "weighty"),
    "a promise": (RULES, RULES.replace("may be", "is guaranteed to be"), "weighty"),
    "an announcement": (
        PLAIN,
        "We will open the shed behind the old school, and Mr Anton Veld has the key.",
        "promises",
    ),
    "for free": (PLAIN, PLAIN.replace("the key", "the key for free"), "weighty"),
    "a refund": (PLAIN, PLAIN.replace("the key", "the refund"), "weighty"),
    "a state that is another": (*_hired("is due back", "is cancelled"), "weighty"),
    "another unit": (RULES, RULES.replace("14 days", "14 weeks"), "weighty"),
    "a duty": (RULES, RULES.replace("may be kept", "must be kept"), "weighty"),
    "a condition more": (RULES, RULES.replace("14 days", "14 days if you pay"), "weighty"),
    "only": (RULES, RULES.replace("for 14", "only for 14"), "weighty"),
    "a number in words": (RULES, RULES.replace("A second week", "Twelve weeks"), "weighty"),
    "another name": (PLAIN, PLAIN.replace("Anton Veld", "Viktor Krell"), "unsupported"),
    "a name of one word": (PLAIN, PLAIN.replace("Anton Veld", "Anton Veld or Viktor"), "unsupported"),
    "a sentence more": (PLAIN, f"{PLAIN} Strangers get it too.", "far"),
    "another language": (
        PLAIN,
        "Der Schuppen steht hinter der alten Schule, Mr Anton Veld hat den Schlüssel.",
        "far",
    ),
    "another subject": (PLAIN, "Mr Anton Veld likes apples, pears, grapes, and very ripe plums.", "far"),
    "much longer": (PLAIN, PLAIN * 2, "length"),
    "empty": (PLAIN, "  ", "length"),
    "letters of another script": (PLAIN, PLAIN.replace("a", "\u0430"), "characters"),
    "wide letters": (PLAIN, PLAIN.replace("key", "\uff4b\uff45\uff59"), "characters"),
    "hidden characters": (PLAIN, PLAIN.replace("key", "k\u200bey"), "characters"),
    "another direction": (PLAIN, PLAIN.replace("key", "\u202ekey"), "characters"),
    "HTML": (PLAIN, f"<b>{PLAIN}</b>", "characters"),
    "Markdown": (PLAIN, f"**{PLAIN}**", "characters"),
    "a placeholder": (PLAIN, PLAIN.replace("key", "{key}"), "characters"),
    "a line more": (PLAIN, PLAIN.replace(", and", ",\n\nand"), "characters"),
    "figures of another script": (RULES, RULES.replace("14", "\u0661\u0664"), "characters"),
}


@pytest.mark.parametrize(("original", "anew", "language"), FAITHFUL)
def test_the_same_in_other_words_is_taken(original: str, anew: str, language: str) -> None:
    """Another order of words, active for passive, other plain words."""
    assert differences(original, anew, language) == []


@pytest.mark.parametrize(("original", "anew", "check"), HOSTILE.values(), ids=HOSTILE)
def test_what_the_paragraph_does_not_say_is_found(original: str, anew: str, check: str) -> None:
    """Each is told by the check that is for it; others may find it as well."""
    found = differences(original, anew, "de" if original == DEUTSCH else "en")
    assert check in [one.partition(":")[0] for one in found]


@pytest.mark.parametrize("text", [HIRED, RULES, NEVER, DEUTSCH, PLAIN])
def test_a_paragraph_is_like_itself(text: str) -> None:
    """A model that changes nothing is always taken."""
    assert differences(text, text, "en" if text != DEUTSCH else "de") == []
