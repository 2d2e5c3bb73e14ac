"""A brand.yaml is read strictly, and its rules flag what they mean."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from desks.marketing.brand_file import BRAND_FILE, load_brand, load_house
from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import CopyForm
from desks.marketing.models.brand import Brand
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.house import House
from desks.marketing.rules.noting import fewest
from desks.marketing.rules.readability import reading_of, syllables
from dispatch.models.errors import PlaybookError
from dispatch.models.work.severity import Severity

_EASIEST = 100
"""Words of one syllable are above it, as in Flesch's own examples."""


@cache
def _house() -> House:
    return load_house()


def _rules(text: str, form: CopyForm = CopyForm.PLAIN, **occasion: Any) -> set[str]:
    given = Occasion.model_validate({"launch": date(2026, 12, 1)} | occasion)
    return {flag.rule for flag in _house().judged(read_source(text, form), given)}


def test_the_shipped_brand_holds() -> None:
    """Everything of it can be run."""
    assert _house().not_run == ()


@pytest.mark.parametrize(
    ("content", "path", "says"),
    [
        ({}, "brand", "missing"),
        ({"brand": "K", "term": []}, "term", "unknown"),
        ({"brand": "K", "words": [{"not": ["a"], "use": ["a"]}]}, "words[0].use", "itself"),
        ({"brand": "K", "words": [{"not": ["a"]}, {"not": ["A"]}]}, "words[1].not", "already"),
        ({"brand": "K", "words": [{"not": ["a"], "channels": ["post"]}]}, "", "none of `channels`"),
        (
            {"brand": "K", "channels": {"post": {"min_chars": 9, "max_chars": 3}}},
            "channels.post",
            "min_chars",
        ),
        (
            {"brand": "K", "claims": {"approved": [{"text": "x", "source": "y"}]}},
            "claims.approved[0].expires",
            "missing",
        ),
        (
            {"brand": "K", "claims": {"approved": [{"text": "x", "source": "y", "expires": "soon"}]}},
            "claims.approved[0].expires",
            "date",
        ),
        ({"brand": "K", "links": {"utm": {"pattern": "a(?=b)c"}}}, "links.utm.pattern", "looks around"),
        ({"brand": "K", "styles": [{"folder": "nowhere"}]}, "styles[0].folder", "there is no folder"),
        ({"brand": "K", "terms": [{"write": "X", "never": ["X"]}]}, "terms[0].never", "right spelling"),
        ({"brand": "K", "links": {"hosts": ["https://k.example"]}}, "links.hosts[0]", "match"),
    ],
)
def test_an_error_names_its_place_and_a_remedy(
    tmp_path: Path, content: dict[str, Any], path: str, says: str
) -> None:
    """File, key, what is wrong, what to do."""
    file = tmp_path / "brand.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(PlaybookError) as caught:
        load_house(file)
    assert caught.value.path == path
    assert says in str(caught.value)
    assert str(file) in str(caught.value)
    assert caught.value.remedy.endswith(".")


def test_a_business_keeps_its_brand_outside(tmp_path: Path) -> None:
    """A brand.yaml anywhere, with styles beside it."""
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "Hype.yml").write_text(
        "extends: existence\nmessage: no '%s'\ntokens: [hype]\n", encoding="utf-8"
    )
    (tmp_path / "brand.yaml").write_text("brand: Acme\nstyles: [{folder: styles}]\n", encoding="utf-8")
    house = load_house(tmp_path / "brand.yaml")
    flags = house.judged(read_source("All hype.", CopyForm.PLAIN), Occasion())
    assert [(flag.rule, flag.message) for flag in flags] == [("style.styles.Hype", "no 'hype'")]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("We sell Goretex.", "term.capitals"),
        ("Leverage it.", "word.avoid"),
        ("A whitelist.", "word.inclusive"),
        ("It is game-changing.", "word.tone"),
        ("“Good”, says Peter Quill.", "name.not_agreed"),
        ("Better than Northcrag.", "name.never"),
        ("BUY NOW and be warm.", "capitals"),
        ("See https://other.example.org/x", "link.host"),
        ("See http://kestrel.example/x", "link.insecure"),
        ("Our prize draw begins.", "disclaimer.missing"),
        ("It is definately warm.", "spelling"),
    ],
)
def test_a_rule_flags_what_it_is_for(text: str, rule: str) -> None:
    """One example of each kind; the planted defects have more."""
    assert rule in _rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "The Kestrel Cloud app, and kestrel.example.",
        "“Utilise it”, says Mara Lindqvist.",
        "Write to WIFI@kestrel.example or {{WIFI}}.",
        "We use HTTP and GORE-TEX.",
        "Mara Lindqvist and Tom Abara met.",
        "The prize draw begins. No purchase necessary. Terms at kestrel.example/draw.",
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    """Names that agreed, quotations, addresses and merge fields raise no alarm."""
    assert not _rules(text, region="DE")


def test_lengths_and_signs_are_those_of_the_channel() -> None:
    """An ad is short and has no emoji; where no channel is known nothing is said of either."""
    text = "Warm. " * 60 + "🏕️ !"
    assert {"length", "emoji"} <= _rules(text, channel="ad")
    assert not {"length", "emoji"} & _rules(text)


def test_tags_are_told_whole_where_only_one_value_fits() -> None:
    """A link of ours without tags is given those that the scheme leaves no choice of."""
    copy = read_source("See https://kestrel.example/a", CopyForm.PLAIN)
    flags = {flag.rule: flag for flag in _house().judged(copy, Occasion(channel="mail"))}
    assert "utm_source is missing" in flags["link.utm"].message
    assert not _rules(
        "https://kestrel.example/a?utm_source=newsletter&utm_medium=email&utm_campaign=x-1", channel="mail"
    ) & {"link.utm"}
    assert "link.utm" in _rules(
        "https://kestrel.example/a?utm_source=nl&utm_medium=email&utm_campaign=x-1", channel="mail"
    )


def test_the_reading_level_is_by_published_formulas() -> None:
    """Hard text has less ease and a higher grade; a few words have no level."""
    easy = read_source("The cat sat on the mat. It was warm. " * 10, CopyForm.PLAIN)
    hard = read_source(
        "Organisational responsibilities considerably facilitate interdisciplinary communication methodologies. "
        * 10,
        CopyForm.PLAIN,
    )
    simple, difficult = reading_of(easy, "en"), reading_of(hard, "en")
    assert simple is not None
    assert difficult is not None
    assert simple.ease > _EASIEST
    assert difficult.ease < 0
    assert difficult.grade > simple.grade
    assert reading_of(read_source("Only a few words.", CopyForm.PLAIN), "en") is None
    assert reading_of(easy, "fr") is None
    assert [syllables(word, "en") for word in ("cat", "water", "banana", "readable")] == [1, 2, 3, 3]


def test_the_fewest_that_matter_are_shown_first() -> None:
    """One entry for each rule, the gravest first; the rest is counted, and what is critical is never cut."""
    text = (
        "It cures headaches. The best tent in Europe. Utilise it, leverage it. See https://other.example.org"
    )
    flags = _house().judged(read_source(text, CopyForm.PLAIN), Occasion())
    shown = fewest(flags, 2)
    assert [one.severity for one in shown.shown] == [Severity.CRITICAL, Severity.MAJOR]
    assert shown.more == len({flag.rule for flag in flags}) - 2
    assert fewest(flags, 1).shown[0].rule == "claim.health"


def test_the_schema_of_a_brand_is_closed() -> None:
    """The shipped file is read by the model alone, so that each of its keys is documented there."""
    assert isinstance(load_brand(BRAND_FILE), Brand)
