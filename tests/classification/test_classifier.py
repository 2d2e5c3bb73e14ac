"""The classifier on examples of its own, with the real embedder and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.classification.classifier import Classifier
from dispatch.classification.classifiers import Classifiers
from dispatch.classification.embedder import LocalEmbedder, installed_model
from dispatch.classification.language import language_of
from dispatch.models.work.examples import Examples

BOATS = Examples(
    intents={
        "hire": (
            "I would like to hire a boat on Saturday",
            "can we rent two kayaks for the weekend",
            "is a rowing boat free tomorrow morning",
            "we want to book the small sailing boat",
            "do you have a canoe for four people on Sunday",
            "please reserve a pedal boat for 3 pm",
        ),
        "lost": (
            "I left my jacket in the boat",
            "did somebody find a pair of sunglasses",
            "my camera is still at your jetty I think",
            "we forgot a bag in the kayak yesterday",
            "have you found a child's shoe",
            "my keys fell into the canoe, are they there",
        ),
    },
    other=(
        "do you repair engines",
        "can I work for you in summer",
        "who owns the lake",
        "do you sell fishing rods",
    ),
    none=(
        "thanks, it was a lovely day",
        "book me a flight to Oslo",
        "what is the weather in Madrid",
        "how do I bake bread",
        "we offer cheap printing",
        "remind me to call my sister",
    ),
)
MEANT = {
    "any chance of getting a dinghy for my family next week": "hire",
    "has a purse turned up, I had it when we got out of the water": "lost",
}


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    model = installed_model()
    assert model is not None, "make setup installs the model of the sentence vectors"
    return LocalEmbedder(model)


def test_words_that_no_example_has_are_understood_by_meaning(embedder: LocalEmbedder) -> None:
    """Neither a dinghy nor a purse is in an example."""
    read = Classifier(BOATS, embedder).classify(tuple(MEANT))
    assert [one.candidates[0].intent for one in read] == list(MEANT.values())


def test_what_nobody_would_ask_here_has_a_lower_score_than_what_they_do(embedder: LocalEmbedder) -> None:
    """The scope is told from the examples, without a list of words."""
    classifier = Classifier(BOATS, embedder)
    (asked, not_asked) = classifier.classify(("a boat for Sunday, please", "convert 5 miles to kilometres"))
    assert asked.in_scope > not_asked.in_scope + 0.2
    assert asked.nearest


def test_the_numbers_of_a_text_do_not_change_what_it_is() -> None:
    """Two bookings differ in their numbers and in nothing that matters here."""
    classifier = Classifier(BOATS, None)
    (one, other) = classifier.classify(
        ("hire boat no. 4711 for 12 people", "hire boat no. 9902 for 3 people")
    )
    assert one == other


def test_without_an_embedder_n_grams_work_alone() -> None:
    """No vectors: no nearest examples, and still candidates that add up to at most 1."""
    (read,) = Classifier(BOATS, None).classify(("can we rent a kayak",))
    assert read.candidates[0].intent == "hire"
    assert read.nearest == ()
    assert sum(one.score for one in read.candidates) <= 1.001


def test_what_was_learned_is_kept_and_read_again(tmp_path: Path, embedder: LocalEmbedder) -> None:
    """A second start reads the file of the first, and classifies alike."""
    first = Classifier(BOATS, embedder, tmp_path)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    second = Classifier(BOATS, embedder, tmp_path)
    assert second.classify(tuple(MEANT)) == first.classify(tuple(MEANT))
    assert file.stat().st_mtime_ns == written


def test_a_broken_file_is_learned_anew(tmp_path: Path) -> None:
    """What cannot be read costs its time, and no start."""
    Classifier(BOATS, None, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"PK\x03\x04 half of a file")
    (read,) = Classifier(BOATS, None, tmp_path).classify(("can we rent a kayak",))
    assert read.candidates[0].intent == "hire"


@pytest.fixture
def classifiers(tmp_path: Path) -> Iterator[Classifiers]:
    made = Classifiers({"boats": BOATS}, None, tmp_path)
    yield made
    made.close()


async def test_texts_are_read_in_another_process(classifiers: Classifiers) -> None:
    """With the language of the whole, and the digests of what it was made from."""
    read = await classifiers.understand(["boats"], ["can we rent a kayak"], "Can we rent a kayak on Sunday?")
    assert read.language == "en"
    assert read.by_desk["boats"][0].candidates[0].intent == "hire"
    assert "n-grams alone" in read.made_by["boats"]


async def test_a_process_that_was_ended_is_started_again_and_learns(classifiers: Classifiers) -> None:
    """The next text does not fail because the process of the last one is gone."""
    await classifiers.start()
    classifiers.end_process()
    read = await classifiers.understand(["boats"], ["my hat is in the boat"], "")
    assert read.by_desk["boats"][0].candidates[0].intent == "lost"


async def test_a_desk_without_examples_is_not_read(classifiers: Classifiers) -> None:
    """Its phrases decide; only the language is told."""
    read = await classifiers.understand(["other_desk"], ["Wo liegt mein Boot?"], "Wo liegt mein Boot, bitte?")
    assert read.by_desk == {}
    assert read.language == "de"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Could you tell me when the shop opens?", "en"),
        ("Wann macht der Laden morgen auf?", "de"),
        ("Où est ma commande, s'il vous plaît ?", "fr"),
        ("ok", ""),
        ("4711", ""),
    ],
)
def test_the_language_is_told_or_left_open(text: str, language: str) -> None:
    """Too few letters tell none."""
    assert language_of(text) == language
