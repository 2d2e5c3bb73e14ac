"""A reviewer's rubric of declared checks; each broken one is an exception with its rule and, where there is one, a quote."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from dispatch.models.contract import Contract
from dispatch.models.work.finding import ReviewException, Statement
from dispatch.models.work.proposal import ReviewBrief
from dispatch.models.work.severity import Severity
from dispatch.roles.supported import unsupported
from dispatch.text.extraction import says

_LAST_LINES: Final = 6
_MOST_QUOTED: Final = 120
Part = Literal["text", "title", "first_line", "last_lines"]


class Check(Contract):
    """One check of a rubric; exactly one of its kinds is given."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="in the exception")
    severity: Severity = Field(default=Severity.MAJOR, description="minor, major or critical")
    part: Part = Field(
        default="text", alias="in", description="of the draft: text, title, first_line or last_lines"
    )
    must_contain: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="at least one of these phrases"
    )
    must_not_contain: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="none of these phrases"
    )
    pattern: str | None = Field(default=None, description="a regular expression that must be found")
    not_pattern: str | None = Field(default=None, description="one that must not be found")
    max_chars: int | None = Field(default=None, ge=1, description="of the part")
    min_chars: int | None = Field(default=None, ge=1, description="of the part")
    cites: bool | None = Field(
        default=None,
        description="every statement cites evidence that there is, and says no figure, amount, date, name, number or link "
        "that it does not hold",
    )
    asks: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="a question that only a model can answer; each passage for which the answer is yes is an exception, and "
        "without a model it is one that nobody judged",
    )
    why: str = Field(default="", max_length=300, description="for people: why this is a standard of the desk")

    @model_validator(mode="after")
    def _is_one_check(self) -> Self:
        if len(self.model_fields_set - {"name", "severity", "part", "why"}) != 1:
            raise ValueError(
                "give exactly one of must_contain, must_not_contain, pattern, not_pattern, max_chars, min_chars, cites, asks"
            )
        if self.cites is False:
            raise ValueError("cites is true or left out")
        return self


class JudgeConfig(Contract):
    """What a playbook says of a reviewer `judge`."""

    checks: tuple[Check, ...] = Field(min_length=1, max_length=100, description="in order")


def judge(brief: ReviewBrief, config: JudgeConfig) -> tuple[ReviewException, ...]:
    """Return one exception for each check that the draft breaks, in the rubric's order; nothing where it meets all.

    A check that only a model can judge is broken here: nobody has judged it, so a person does.
    """
    return tuple(exception for check in config.checks for exception in broken_by_rules(check, brief))


def broken_by_rules(check: Check, brief: ReviewBrief) -> Iterator[ReviewException]:
    """Yield what the rules find of one check."""
    if check.asks is not None:
        yield exception_of(check, brief, f"not judged, for only a model can: {check.asks}", "")
        return
    if check.cites:
        yield from _uncited(check, brief)
        return
    part = part_of(check.part, brief)
    for problem, quote in _problems(check, part):
        yield exception_of(check, brief, problem, quote)


def part_of(part: Part, brief: ReviewBrief) -> str:
    """Return a part of the draft."""
    draft = brief.proposal.draft
    lines = [line for line in draft.text.splitlines() if line.strip()]
    parts: dict[str, str] = {
        "title": draft.title,
        "first_line": "\n".join(lines[:1]),
        "last_lines": "\n".join(lines[-_LAST_LINES:]),
    }
    return parts.get(part, draft.text)


def _problems(check: Check, text: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a part of the draft, each with the words that it is about."""
    if check.must_contain and not says(text, check.must_contain):
        yield f"none of these is there: {', '.join(check.must_contain)}", ""
    for phrase in says(text, check.must_not_contain or ()):
        yield "it must not say this", phrase
    if check.pattern and not _compiled(check.pattern).search(text):
        yield "what it must hold is not there", ""
    if check.not_pattern and (match := _compiled(check.not_pattern).search(text)):
        yield "it must not hold this", match[0]
    if check.max_chars is not None and len(text) > check.max_chars:
        yield f"{len(text):,} characters, {check.max_chars:,} are allowed", ""
    if check.min_chars is not None and len(text) < check.min_chars:
        yield f"{len(text):,} characters, {check.min_chars:,} are the least", ""


def _uncited(check: Check, brief: ReviewBrief) -> Iterator[ReviewException]:
    known = {one.evidence_id: one.text for one in brief.proposal.evidence}
    for statement in brief.proposal.draft.statements:
        cited = [known[one] for one in statement.evidence_ids if one in known]
        if not cited or len(cited) < len(statement.evidence_ids):
            yield exception_of(check, brief, "it cites no evidence that there is", statement.text, statement)
            continue
        for strange in unsupported(statement.text, cited):
            problem = f"the {strange.kind} is in none of what it cites"
            yield exception_of(check, brief, problem, strange.quote, statement)


def exception_of(
    check: Check, brief: ReviewBrief, problem: str, quote: str, statement: Statement | None = None
) -> ReviewException:
    """Return the exception of a check, on the items whose statements hold the quote."""
    shown = quote if len(quote) <= _MOST_QUOTED else f"{quote[: _MOST_QUOTED - 1]}…"
    words = f"{problem}: “{shown}”" if shown else problem
    about = (
        [statement]
        if statement is not None
        else [s for s in brief.proposal.draft.statements if quote in s.text]
    )
    return ReviewException(
        reviewer=brief.reviewer,
        standard=f"{brief.reviewer}.{check.name}",
        severity=check.severity,
        text=f"{words} ({check.why})" if check.why else words,
        item_ids=tuple(dict.fromkeys(item for one in about for item in one.item_ids)) if quote else (),
    )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
