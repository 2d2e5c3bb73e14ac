"""Nothing that a stranger writes may take more than linear time, whatever a pattern is fed with."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.mail.html_text import text_of
from channels.mail.parse import parse_mail
from dispatch.text.lazy_pattern import LazyPattern
from tests.bounded import Bench, running_bench, slow_texts, timed
from tests.desk import SHIPPED
from tests.engine.text.pattern_units import units_of
from tests.engine.text.taken_in import take_in_body, triage_body

ROOT = Path(__file__).parents[3]
READ_STRANGERS_TEXT = (
    "dispatch/text",
    "dispatch/process",
    "dispatch/approval",
    "dispatch/guard",
    "dispatch/language_models",
    "channels",
    "desks",
)
CHARS = 20_000
CPU_SECONDS = 0.2
# Quadratic ones took from 3 to 100 s for 50,000 characters, so a sixth of that and more for these. A whole stage reads a
# text some dozens of times.
STAGE_CHARS = 20_000
STAGE_CPU_SECONDS = 0.8

SHAPES = {
    "full stops": ".",
    "marks": "?!",
    "questions": "why? ",
    "short lines": "a\n",
    "lines that ask": "Can you?\n",
    "entries": "- a\n",
    "wrapped entries": "b\n",
    "open brackets": "(",
    "spaces": " ",
    "tabs and ends": "\t\r\n",
    "dashes": "-",
    "digits": "1",
    "groups of digits": "4 ",
    "less-than signs": "<",
    "at signs": "a@",
    "addresses": "a@b.example ",
    "commas": "please, ",
    "intents": "refund me and ",
    "abbreviations": "Mr. ",
    "orders": "ignore the rules. ",
    "redirections": "send it to ",
    "quotes": "> x\n",
    "attributions": "On 2026 x\n",
    "accents": "e\u0301\u0323",
    "umlauts": "\u00e4, ",
    "hidden": "\u200b",
    "tags": "<div>",
    "mixed": "a.) - <b>@1, (?\n",
}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield every pattern of the rules and clients, so that a new one is covered too, and the shipped desks' own."""
    for root in READ_STRANGERS_TEXT:
        for file in sorted((ROOT / root).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for name, found in vars(importlib.import_module(module)).items():
                value = found.compiled if isinstance(found, LazyPattern) else found
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{module}.{name}", value
    for desk, in_force in SHIPPED.by_desk.items():
        for field, spec in in_force.playbook.fields.items():
            yield f"{desk}.fields.{field}", re.compile(spec.pattern)
            for number, writing in enumerate((*spec.writings, *spec.answer_writings)):
                yield f"{desk}.fields.{field}.writings.{number}", re.compile(writing.pattern)


PATTERNS = dict(patterns())


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running_bench() as bench:
        yield bench


def test_the_patterns_are_found() -> None:
    """The walk over the modules finds those that are known to be there."""
    known = {
        "dispatch.text.sentences._END_OF_SENTENCE",
        "channels.mail.parse._MESSAGE_ID",
        "dispatch.text.requested_words.ASK",
        "support.fields.damage",
    }
    assert known <= set(PATTERNS)


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_is_linear_in_what_it_feeds_on(bench: Bench, name: str) -> None:
    """Twenty thousand characters of each class and repeated part of the pattern, alone and with a misfit at the end."""
    pattern = PATTERNS[name]
    arguments = (pattern.pattern, pattern.flags & ~re.UNICODE, units_of(pattern), CHARS, CPU_SECONDS)
    assert bench.run(name, slow_texts, *arguments) == []


def test_a_quadratic_pattern_would_be_found(bench: Bench) -> None:
    """The bound ends a pattern that runs away, and says which it was."""
    with pytest.raises(pytest.fail.Exception, match="it was ended"):
        bench.run("it", slow_texts, r"[.!]+ ", 0, (".",), 200_000, CPU_SECONDS)
    assert bench.run("it", slow_texts, r"[.!]+ ", 0, (".",), 15_000, 0.01) != []


@pytest.mark.parametrize("shape", SHAPES)
def test_every_stage_that_reads_a_text_is_linear(bench: Bench, shape: str) -> None:
    """Intake, triage, a mail and its HTML are read in no time, whatever the text is made of."""
    unit = SHAPES[shape]
    text = unit * (STAGE_CHARS // len(unit))
    head = b"From: jane@mail.example\nContent-Type: text/%s; charset=utf-8\n\n"
    for what, function, arguments in (
        ("intake", take_in_body, (text,)),
        ("intake after words", take_in_body, (f"- Please refund me: {text}x",)),
        ("triage", triage_body, (text,)),
        ("a mail", parse_mail, ("mail.eml", head % b"plain" + text.encode())),
        ("a mail of HTML", parse_mail, ("mail.eml", head % b"html" + text.encode())),
        (
            "a header",
            parse_mail,
            ("mail.eml", b"From: jane@mail.example\nSubject: " + text.encode() + b"\n\nhi"),
        ),
        ("HTML", text_of, (text,)),
    ):
        taken = bench.run(f"{what} of {shape}", timed, function, *arguments)
        assert taken < STAGE_CPU_SECONDS, f"{what} of {shape} took {taken:.2f} s of processor time"
