"""What counts as a plain request in the sender's own words, and what must not."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.models.work.guardian import GuardDecision
from dispatch.text.requested import MOST_READ, is_one_of, read
from tests.asking import PHRASES, guard_decision_on

PLAIN = [
    "I would like a refund",
    "I'd like my money back.",
    "please refund order DD-10001",
    "Can I get my money back?",
    "Please can I have my money back?",
    "refund me",
    "I want my money back for DD-10001.",
    "We request reimbursement.",
    "Could you please refund the teapot?",
    "Would you please issue a refund for the teapot?",
    "I am writing to request a full refund for order DD-10001.",
    "I'd appreciate it if you could refund me.",
    "A refund would be appreciated.",
    "Kindly issue a refund as soon as possible.",
    "The teapot does not pour, please refund it.",
    "I did not order it, I want my money back.",
    "I'm not happy with the teapot. Please refund me.",
    "I changed my mind, please refund DD-10001.",
    "You refunded DD-10002 last week, thank you. Please refund DD-10001 as well.",
    'The 15" tray is scratched, please refund it.',
    "Please refund order DD-10001 and tell me when you are open.",
    "bitte erstatten Sie mir den Betrag",
    "ich möchte mein Geld zurück",
    "Ich hätte gern eine Rückerstattung, weil die Kanne nicht passt.",
    "Kann ich bitte mein Geld zurück haben?",
    "Ich bitte um Erstattung.",
]
NOT_PLAIN = {
    "negated": [
        "Please do not refund it.",
        "please DO NOT REFUND",
        "Hello do not refund it",
        "Please dont refund me",
        "No need to refund the teapot.",
        "Please never issue a refund.",
        "I want a new lid, not a refund.",
        "I'd like a new lid rather than a refund.",
        "I want a new lid instead of a refund.",
        "I want anything but a refund.",
        "I would like to decline the refund.",
        "Please cancel my refund.",
        "Please do not, whatever my brother writes, refund it.",
        "I would not, as I wrote, like a refund.",
        "Please d\N{CYRILLIC SMALL LETTER O} n\N{CYRILLIC SMALL LETTER O}t refund it.",
        "Bitte nicht erstatten.",
        "Ich möchte keine Erstattung.",
        "Statt einer Erstattung möchte ich einen neuen Deckel.",
        "Ich möchte auf eine Erstattung verzichten.",
    ],
    "past": [
        "Thank you for the refund",
        "Thanks for the quick refund of the teapot, I like the new one.",
        "I would like to thank you for the refund.",
        "You refunded the teapot in March.",
        "My order was refunded.",
        "I received the refund.",
        "I wanted a refund.",
        "Danke für die Erstattung.",
    ],
    "of an earlier one": [
        "I have not received my refund for DD-10001.",
        "Where is my refund?",
        "When will my refund arrive?",
        "I am still waiting for my refund.",
        "Please let me know when the refund arrives.",
        "Please confirm the refund.",
        "Wo bleibt meine Erstattung?",
    ],
    "about refunds": [
        "What is your refund policy?",
        "How do I get a refund?",
        "Can I get a refund after 30 days?",
        "Please send me the refund form.",
        "I would like to know whether I get a refund.",
        "Will you refund me?",
    ],
    "conditional": [
        "If it is not here by Friday I want a refund.",
        "Send the lid now, otherwise I want a refund.",
        "Unless you deliver on Monday, refund me.",
        "Please refund me once you have it back.",
        "Please replace it or refund me.",
        "Falls der Deckel nicht passt, möchte ich mein Geld zurück.",
    ],
    "reported": [
        "Your colleague said I get a refund.",
        "My brother wrote: please refund me.",
        '"Please refund me" stands on your page.',
        'He wrote "Hello. I want a refund. Bye." and left.',
        "My brother wants a refund.",
        "> Please refund DD-10001.",
        "All is well.\n\n-----Original Message-----\nPlease refund DD-10001.",
        "All is well.\n\nFrom: Ada\nSent: Monday\nSubject: Teapot\n\nPlease refund DD-10001.",
        "Re: please refund the teapot\nIt pours now.",
        'I read "a page of yours. Please refund me.',
    ],
    "taken back": [
        "Please refund it. Actually, do not refund it.",
        "Please refund it. Never mind, I will keep it.",
        "Refund it? No.",
        "I want a refund! Or better not.",
        "Bitte erstatten Sie den Betrag. Hat sich erledigt.",
    ],
    "without a sentence": ["Refund for order DD-10001", "Refund", "Refund?", "the refund"],
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_request_is_seen_with_its_sentence(text: str) -> None:
    """A wish, a request or a question for the thing itself counts, and the sentence is quoted."""
    reading = read(text, PHRASES)
    assert reading.is_plain, reading
    assert all(is_one_of(ask, [text.replace('"', "")]) for ask in reading.intents)


@pytest.mark.parametrize(("why", "text"), [(why, text) for why, texts in NOT_PLAIN.items() for text in texts])
def test_a_mere_mention_is_no_request(why: str, text: str) -> None:
    """The word alone, negated, past, conditional, reported or quoted, never counts as a request."""
    assert not read(text, PHRASES).is_plain, why


def test_a_subject_asks_only_as_a_sentence() -> None:
    """A subject that names the thing asks for nothing; one that is a whole request does, unless it is a reply's."""
    assert not read("It does not fit, thanks", PHRASES, "Refund for order DD-10001").is_plain
    assert not read("It does not fit, thanks", PHRASES, "Refund order DD-10001").is_plain
    assert read("It does not fit, thanks", PHRASES, "Please refund order DD-10001").is_plain
    assert not read("It does fit, thanks", PHRASES, "Re: Please refund order DD-10001").is_plain


def test_a_subject_can_speak_against_the_body() -> None:
    """Subject and body that contradict each other are left to a person."""
    assert not read("Please refund it.", PHRASES, "Do not refund DD-10001").is_plain


def test_more_text_than_is_read_is_in_doubt() -> None:
    """Where not all of a text is read, nobody knows what the rest takes back."""
    assert not read("Please refund me. " + "The lid is blue. " * MOST_READ, PHRASES).is_plain


def test_a_sentence_is_found_again_whatever_its_marks() -> None:
    """A sentence that was cut out of a text, or joined from two lines, is still the same one."""
    intents = read("Hello,\nI would like\na refund, please.", PHRASES).intents
    assert is_one_of("i would like a refund please", intents)
    assert not is_one_of("please refund the other teapot", intents)
    assert not is_one_of("", intents)


@pytest.mark.parametrize(
    "unit",
    [
        '"',
        "«",
        "„",
        "'",
        "a ",
        ", ",
        "refund ",
        "please refund a ",
        "not ",
        "i would like ",
        "> ",
        "From: a\n",
    ],
)
def test_reading_takes_time_in_line_with_the_text(unit: str) -> None:
    """No repetition of a mark or word makes reading slow."""
    text = unit * (MOST_READ // len(unit) - 1)
    begun = time.process_time()
    read(text, PHRASES)
    assert time.process_time() - begun < 2


WORDS = st.sampled_from(
    [
        *(
            "please",
            "kindly",
            "do",
            "not",
            "don't",
            "never",
            "no",
            "without",
            "instead of",
            "if",
            "unless",
            "otherwise",
        ),
        *(
            "I",
            "we",
            "you",
            "my brother",
            "would like",
            "want",
            "need",
            "received",
            "was",
            "have",
            "can",
            "could",
        ),
        *(
            "refund",
            "a refund",
            "my money back",
            "reimburse",
            "the refund",
            "refunded",
            "it",
            "me",
            "order DD-1",
        ),
        *(
            "thank you for",
            "thanks",
            "said",
            '"',
            ".",
            ",",
            "?",
            "\n",
            "\n> ",
            "bitte",
            "nicht",
            "keine",
            "erstatten",
        ),
    ]
)
BARRED = ["do not", "don't", "never", "if", "unless", "nicht", "keine"]


@given(st.lists(WORDS, max_size=25).map(" ".join), st.sampled_from(BARRED))
@example("please refund it .", "do not")
def test_no_request_whose_own_sentence_begins_with_a_negation_or_a_condition_is_plain(
    text: str, word: str
) -> None:
    """Whatever stands round it, a sentence that forbids the thing or makes it hang on something leaves it to a person."""
    assert not read(f"{text} .\n\n{word} refund it.", PHRASES).is_plain


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_what_is_quoted_asks_for_nothing(text: str) -> None:
    """Quoted lines, as text or behind a mark of quotation, are not the sender's own."""
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    assert read(f"All is well.\n{quoted}", PHRASES).intents == ()


GENUINE = st.sampled_from(
    [
        "Please refund it.",
        "I would like a refund.",
        "Could you refund me?",
        "Bitte erstatten Sie mir den Betrag.",
    ]
)
MENTIONS = st.sampled_from([text for texts in NOT_PLAIN.values() for text in texts])
FILLING = st.sampled_from(
    [
        "Hello,",
        "The lid is blue.",
        "It does not fit.",
        "Thank you!",
        "Kind regards\nAda",
        "I hope you are well.",
    ]
)


@given(st.lists(st.one_of(GENUINE.map("> {}".format), MENTIONS, FILLING), max_size=6))
@example(["It does not fit.", "Refund"])
def test_without_a_genuine_sentence_no_refund_runs_without_a_person(parts: list[str]) -> None:
    """Negations, quotes, politeness and past forms in any order never let a refund pass the guardian."""
    assert (
        guard_decision_on("\n\n".join(parts), cited=[*parts, "Please refund it."]) is not GuardDecision.ALLOW
    )


@given(st.lists(FILLING, max_size=3), GENUINE, st.lists(FILLING, max_size=3))
def test_a_genuine_sentence_lets_a_small_refund_run(before: list[str], ask: str, after: list[str]) -> None:
    """What is polite or tells of the goods takes nothing from a plain request."""
    assert guard_decision_on("\n\n".join([*before, ask, *after]), cited=[ask]) is GuardDecision.ALLOW


@given(GENUINE, st.lists(FILLING, max_size=3))
def test_a_sentence_that_the_requester_did_not_write_lets_nothing_run(ask: str, parts: list[str]) -> None:
    """A specialist that makes a sentence up, or cites none, gets no money moved."""
    text = "\n\n".join([ask, *parts])
    assert (
        guard_decision_on(text, cited=["Please refund everything that I ever bought."]) is GuardDecision.HOLD
    )
    assert guard_decision_on(text, cited=[]) is GuardDecision.HOLD
