"""Measures the roles of a desk one by one, by each backend that they have: intents, fields, and each reviewer.

Everything runs in this process: no request is started, nothing is sent, and no system of the desk is read.
"""

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
from dispatch.models.request.intake import Triage
from dispatch.models.work.finding import Evidence, EvidenceSource, Statement
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import Draft, Proposal, ReviewBrief
from runtime.desks import LoadedDesks
from runtime.language_models.role_trials import RoleTrials
from runtime.settings import Settings

T = TypeVar("T")

RULES: Final = "rules"
EXAMPLES: Final = "examples"
INTENTS: Final = "intents"
FIELDS: Final = "fields"


class Cases(NamedTuple):
    """What a desk is measured by, each case under its name."""

    intents: Sequence[tuple[str, Case]] = ()
    fields: Sequence[tuple[str, FieldsCase]] = ()
    drafts: Mapping[str, Sequence[tuple[str, DraftCase]]] = {}
    """By reviewer."""


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
    playbook = roles.playbook
    found: dict[str, dict[str, Measured]] = {}
    with (
        trial_settings() as trial,
        closing(TextProcesses(trial.text_seconds, trial.text_megabytes)) as texts,
    ):
        rules = DeskRules(desk, loaded, trial, texts)
        backends = (RULES, EXAMPLES) if playbook.triage.backend == EXAMPLES else (RULES,)
        for backend in backends:
            reader = _Reader(rules, playbook, by_examples=backend == EXAMPLES)
            if cases.intents:
                found.setdefault(INTENTS, {})[backend] = await _timed(cases.intents, reader.intents)
        if cases.fields:
            reader = _Reader(rules, playbook, by_examples=EXAMPLES in backends)
            found[FIELDS] = {RULES: await _timed(cases.fields, reader.fields)}
        async with roles.models(settings, models, trial.documents_dir) as opened:
            for name, drafts in cases.drafts.items():
                reviewer = _Reviewer(name, roles)
                found[name] = {RULES: await _timed(drafts, reviewer.judge)}
                if roles.can_think(reviewer.activity_type):
                    for model, desk_of_model in opened.items():
                        judge = partial(reviewer.judge_by_model, desk_of_model)
                        found[name][f"model:{model}"] = await _timed(drafts, judge)
    return found


async def _timed(cases: Sequence[tuple[str, T]], judge: Callable[[str, T], Awaitable[Judged]]) -> Measured:
    begin = time.perf_counter()
    judged = tuple([await judge(name, case) for name, case in cases])
    return Measured(seconds=round(time.perf_counter() - begin, 3), cases=judged)


class _Reader:
    """Reads texts as the desk's intake and triage do."""

    def __init__(self, rules: DeskRules, playbook: Playbook, *, by_examples: bool) -> None:
        self._rules, self._by_examples = rules, by_examples
        self._intents = frozenset(playbook.intents)
        self._number = 0

    async def intents(self, name: str, case: Case) -> Judged:
        """Judge what a text's items are taken for, as it comes in."""
        read = await self._read(case.text)
        if read is None:
            return judge_intents(name, case, (), self._intents, routed=False)
        unnamed, named = read
        return judge_intents(name, case, named.items, self._intents, routed=unnamed.playbook is not None)

    async def fields(self, name: str, case: FieldsCase) -> Judged:
        """Judge the fields that are found in a text, with the desk named."""
        read = await self._read(case.text)
        items = read[1].items if read is not None else ()
        return judge_fields(
            name, case, {field: value for item in items for field, value in item.fields.items()}
        )

    async def _read(self, text: str) -> tuple[Triage, Triage] | None:
        self._number += 1
        try:
            submission = self._rules.submission(self._number, text)
            return await self._rules.triages(submission, by_examples=self._by_examples)
        except (SubmissionError, UnreadableTextError):
            return None


class _Reviewer:
    """Has one reviewer of a desk judge drafts."""

    def __init__(self, name: str, roles: RoleTrials) -> None:
        self._name, self._roles = name, roles
        self.activity_type = roles.reviewer_activity(name)

    async def judge(self, name: str, case: DraftCase) -> Judged:
        """Judge what its rules flag in a draft."""
        review = await self._roles.review(self._name, self.brief(case))
        return judge_draft(name, case, (exception.standard for exception in review.exceptions))

    async def judge_by_model(self, model: Any, name: str, case: DraftCase) -> Judged:
        """Judge what a model flags, and the rules where it falls back."""
        brief = self.brief(case)
        answered = await self._roles.think(self.activity_type, model, brief)
        review = (
            answered.result if answered.result is not None else await self._roles.review(self._name, brief)
        )
        flagged = (exception.standard for exception in review.exceptions)
        return judge_draft(name, case, flagged, answered.use)

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
