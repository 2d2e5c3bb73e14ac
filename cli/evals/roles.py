"""Measures the roles of a desk one by one, by each backend that they have: intents, fields, and each reviewer.

Everything runs in this process: no request is started, nothing is sent, and no system of the desk is read.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from cli.evals.reading import DeskRules
from cli.trial.server import trial_settings
from dispatch.evals.roles import (
    DraftCase,
    FieldsCase,
    Judged,
    Measured,
    judge_draft,
    judge_fields,
    judge_intents,
)
from dispatch.evals.understanding import Case
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.errors import SubmissionError, UnreadableTextError
from dispatch.models.handoff import PENDING_HANDOFF
from dispatch.models.request.item import Item
from dispatch.models.request.reading import ReadingBrief
from dispatch.models.work.finding import Evidence, EvidenceSource, Statement
from dispatch.models.work.proposal import Draft, Proposal, ReviewBrief
from runtime.desks import LoadedDesks
from runtime.language_models.role_trials import RoleTrials
from runtime.settings import Settings

T = TypeVar("T")

_SAY_AFTER_SECONDS: Final = 10.0
RULES: Final = "rules"
EXAMPLES: Final = "examples"
INTENTS: Final = "intents"
FIELDS: Final = "fields"
TRIAGE: Final = "reading.triage"
EXTRACTION: Final = "reading.extraction"


class Cases(NamedTuple):
    """What a desk is measured by, each case under its name."""

    intents: Sequence[tuple[str, Case]] = ()
    fields: Sequence[tuple[str, FieldsCase]] = ()
    drafts: Mapping[str, Sequence[tuple[str, DraftCase]]] = {}
    """By reviewer."""

    def first(self, number: int | None) -> "Cases":
        """Return the first so many cases of each role; all where no number is given."""
        drafts = {name: cases[:number] for name, cases in self.drafts.items()}
        return Cases(self.intents[:number], self.fields[:number], drafts)


async def measure_roles(
    desk: str,
    loaded: LoadedDesks,
    cases: Cases,
    settings: Settings,
    folders: Mapping[str, Path],
    models: Sequence[str],
) -> dict[str, dict[str, Measured]]:
    """Return role -> backend -> what was measured; a backend that the desk has nothing for is left out."""
    roles = RoleTrials(desk, loaded, folders[desk])
    found: dict[str, dict[str, Measured]] = {}
    with (
        trial_settings() as trial,
        closing(TextProcesses(trial.text_seconds, trial.text_megabytes)) as texts,
    ):
        by_examples = roles.playbook.triage.backend == EXAMPLES
        reader = _Reader(DeskRules(desk, loaded, trial, texts), roles, by_examples=by_examples)
        async with roles.models(settings, models, trial.documents_dir) as opened:

            def asked(activity_type: str, role: str) -> Mapping[str, Any]:
                able = roles.can_think(activity_type, role)
                return {f"model:{name}": model for name, model in opened.items()} if able else {}

            if cases.intents:
                by_model = asked(TRIAGE, "triage")
                found[INTENTS] = await _read_intents(reader, cases.intents, by_model, by_examples=by_examples)
            if cases.fields:
                found[FIELDS] = {RULES: await _timed(cases.fields, reader.fields)}
                for backend, model in asked(EXTRACTION, "extraction").items():
                    found[FIELDS][backend] = await _timed(cases.fields, partial(reader.fields, model=model))
            for name, drafts in cases.drafts.items():
                reviewer = _Reviewer(name, roles)
                found[name] = {RULES: await _timed(drafts, reviewer.judge)}
                for backend, model in asked(reviewer.activity_type, name).items():
                    found[name][backend] = await _timed(drafts, partial(reviewer.judge, model=model))
    return found


async def _read_intents(
    reader: "_Reader", cases: Sequence[tuple[str, Case]], asked: Mapping[str, Any], *, by_examples: bool
) -> dict[str, Measured]:
    """Measure the phrases alone, the classifier where the desk has one, and each model beside what the desk has."""
    found = {RULES: await _timed(cases, partial(reader.intents, by_examples=False))}
    if by_examples:
        found[EXAMPLES] = await _timed(cases, reader.intents)
    for backend, model in asked.items():
        found[backend] = await _timed(cases, partial(reader.intents, model=model))
    return found


async def _timed(cases: Sequence[tuple[str, T]], judge: Callable[[str, T], Awaitable[Judged]]) -> Measured:
    """Judge every case; where that takes long, as with a model, say on the way how many are done."""
    begin = said = time.perf_counter()
    judged: list[Judged] = []
    for name, case in cases:
        judged.append(await judge(name, case))
        if (now := time.perf_counter()) - said > _SAY_AFTER_SECONDS:
            print(f"{name}: {len(judged)} of {len(cases)} cases after {now - begin:.0f} s", file=sys.stderr)
            said = now
    return Measured(seconds=round(time.perf_counter() - begin, 3), cases=tuple(judged))


class _Reader:
    """Reads texts as the desk's intake and triage do, and as a model does beside them."""

    def __init__(self, rules: DeskRules, roles: RoleTrials, *, by_examples: bool) -> None:
        self._rules, self._roles, self._by_examples = rules, roles, by_examples
        self._intents = frozenset(roles.playbook.intents)
        self._number = 0

    async def intents(
        self, name: str, case: Case, *, by_examples: bool | None = None, model: Any = None
    ) -> Judged:
        """Judge what a text's items are taken for, as it comes in."""
        read = await self._read(
            case.text, by_examples=self._by_examples if by_examples is None else by_examples
        )
        if read is None:
            return judge_intents(name, case, (), self._intents, routed=False)
        items, use = read.items, None
        if model is not None and read.is_routed:
            answered = await self._roles.think(TRIAGE, model, read.brief)
            use = answered.use
            items = answered.result.items if answered.result is not None else items
        return judge_intents(name, case, items, self._intents, routed=read.is_routed, use=use)

    async def fields(self, name: str, case: FieldsCase, *, model: Any = None) -> Judged:
        """Judge the fields that are found in a text, with the desk named."""
        read = await self._read(case.text, by_examples=self._by_examples)
        found = {field: value for item in read.items for field, value in item.fields.items()} if read else {}
        use = None
        if model is not None and read is not None:
            answered = await self._roles.think(EXTRACTION, model, read.brief)
            use = answered.use
            if answered.result is not None:
                more = (fields for fields in answered.result.by_item.values())
                found |= {field: value for fields in more for field, value in fields.items()}
        return judge_fields(name, case, found, use)

    async def _read(self, text: str, *, by_examples: bool) -> "_Read | None":
        self._number += 1
        try:
            submission = self._rules.submission(self._number, text)
            intake, unnamed, named = await self._rules.triages(submission, by_examples=by_examples)
        except (SubmissionError, UnreadableTextError):
            return None
        if named.playbook is None:
            return None
        brief = ReadingBrief(
            handoff=PENDING_HANDOFF,
            playbook=named.playbook.ref,
            submission=submission,
            intake=intake,
            items=named.items,
        )
        return _Read(named.items, unnamed.playbook is not None, brief)


class _Read(NamedTuple):
    """A text as intake and triage have read it."""

    items: tuple[Item, ...]
    is_routed: bool
    brief: ReadingBrief


class _Reviewer:
    """Has one reviewer of a desk judge drafts."""

    def __init__(self, name: str, roles: RoleTrials) -> None:
        self._name, self._roles = name, roles
        self.activity_type = roles.reviewer_activity(name)

    async def judge(self, name: str, case: DraftCase, *, model: Any = None) -> Judged:
        """Judge what is flagged in a draft: by a model, or by the rules where there is none or it falls back."""
        brief = self.brief(case)
        answered = await self._roles.think(self.activity_type, model, brief) if model is not None else None
        review = answered.result if answered is not None else None
        if review is None:
            review = await self._roles.review(self._name, brief)
        flagged = (exception.standard for exception in review.exceptions)
        return judge_draft(name, case, flagged, answered.use if answered is not None else None)

    def brief(self, case: DraftCase) -> ReviewBrief:
        """Return a draft as a reviewer gets it: one statement for each paragraph, each citing all that there is."""
        evidence = tuple(
            Evidence(evidence_id=f"case.{number}", source=EvidenceSource.RECORDS, reference="case", text=text)
            for number, text in enumerate(case.evidence, 1)
        )
        cited = tuple(one.evidence_id for one in evidence)
        paragraphs = [part.strip() for part in case.draft.split("\n\n") if part.strip()]
        body = paragraphs[1:-1] if len(paragraphs) > 2 else paragraphs  # noqa: PLR2004 (greeting and closing)
        return ReviewBrief(
            handoff=PENDING_HANDOFF,
            reviewer=self._name,
            desk=self._roles.playbook.desk,
            proposal=Proposal(
                handoff=PENDING_HANDOFF,
                proposal_id="case",
                draft=Draft(
                    title="Re: your message",
                    text=case.draft,
                    statements=tuple(Statement(text=part, evidence_ids=cited) for part in body),
                ),
                actions=(),
                evidence=evidence,
            ),
            items=(),
            findings=(),
            config=self._roles.playbook.review.reviewers[self._name].config,
        )
