"""Reads labelled cases through a desk: its door, intake, triage and plan here, what they leave open on a trial server.

The rules tell most endings: what is not routed, or planned for a person or a question, is not handled unaided. What would
be worked on runs through the whole process, up to the first action that is ordered.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from cli.trial.result import TrialEnding, ending_of, leaves_a_part
from cli.trial.server import Rest, Trial, open_trial, trial_settings
from devstack.settings import StackSettings
from dispatch.evals.understanding import Case, Reading
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.errors import DevStackError, SubmissionError, UnreadableTextError
from dispatch.models.handoff import PENDING_HANDOFF
from dispatch.models.request.intake import Intake, Triage, TriageBrief
from dispatch.models.request.submission import Submission
from dispatch.models.work.plan import PlanBrief, Step
from dispatch.process.intake import take_in
from dispatch.process.planning import plan
from dispatch.process.routing import triage
from dispatch.process.sorting import texts_of
from runtime.classifiers import classifiers_of
from runtime.desks import LoadedDesks
from runtime.doors.starting import read_request_file

AT_ONCE: Final = 12
"""Requests on the trial server at the same time."""

_UNREAD: Final = Reading(routed=False, kinds=(), unaided=False)


class _Begun(NamedTuple):
    """A case as far as the rules read it; `submission` is None where nothing is left open."""

    reading: Reading
    submission: Submission | None = None


async def read_all(name: str, loaded: LoadedDesks, cases: Sequence[Case]) -> list[Reading]:
    """Return what the desk makes of each case, in order; nothing is sent and nothing is done.

    Each case comes from an address of its own that no record knows, so that no limit for one requester holds it.
    """
    with trial_settings() as settings:
        with closing(TextProcesses(settings.text_seconds, settings.text_megabytes)) as texts:
            rules = DeskRules(name, loaded, settings, texts)
            begun = [await rules.begin(number, case) for number, case in enumerate(cases, 1)]
        readings = [one.reading for one in begun]
        left = {number: one.submission for number, one in enumerate(begun) if one.submission is not None}
        if left:
            async with open_trial(loaded, settings) as trial:
                rests = await _run_all(trial, list(left.values()))
            for number, rest in zip(left, rests, strict=True):
                if rest is not None:
                    readings[number] = replace(
                        readings[number],
                        unaided=ending_of(rest) is TrialEnding.ANSWERED,
                        answers_a_part=leaves_a_part(rest),
                    )
            if restless := rests.count(None):
                print(
                    f"{restless} of {len(rests)} requests came to no rest in time and count as not handled unaided; "
                    "run it again when the machine is less busy",
                    file=sys.stderr,
                )
    return readings


class DeskRules:
    """What the desk's rules make of a text, each text read within the bounds of a worker."""

    def __init__(self, name: str, loaded: LoadedDesks, settings: StackSettings, texts: TextProcesses) -> None:
        self._name, self._playbooks = name, loaded.playbooks
        self._settings, self._texts = settings, texts
        self._classifiers = classifiers_of(settings, loaded.playbooks)

    async def begin(self, number: int, case: Case) -> _Begun:
        """Take a case in, route and sort it, and plan; a text that cannot be read goes to a person."""
        try:
            submission = self.submission(number, case.text)
            _, unnamed, named = await self.triages(submission)
        except (SubmissionError, UnreadableTextError):
            return _Begun(_UNREAD)
        routed = unnamed.playbook is not None
        reading = Reading(routed, tuple(item.kind for item in named.items), unaided=False)
        if not routed or named.playbook is None:
            return _Begun(reading)
        move = plan(PlanBrief(handoff=PENDING_HANDOFF, playbook=named.playbook, items=named.items))
        is_doubtful = any(item.is_doubtful for item in named.items)
        is_open = move.step not in {Step.ASK, Step.ESCALATE} and not is_doubtful
        return _Begun(reading, submission if is_open else None)

    def submission(self, number: int, text: str) -> Submission:
        """Write a text as a request of the door's own form, and read it there. Raises SubmissionError."""
        file = Path(self._settings.var_dir) / "case.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        request = {"from": f"case-{number}@customers.example", "text": text}
        file.write_text(json.dumps(request), encoding="utf-8")
        return read_request_file(self._settings, file)

    async def triages(
        self, submission: Submission, *, by_examples: bool = True
    ) -> tuple[Intake, Triage, Triage]:
        """Take it apart, and sort it as it comes, and as it would be sorted with the desk named; the texts are read once for both.

        Without `by_examples` phrases alone decide. Raises UnreadableTextError.
        """
        size, playbooks = len(submission.body), self._playbooks
        intake = await self._texts.read(size, take_in, submission, PENDING_HANDOFF)
        brief = TriageBrief(handoff=PENDING_HANDOFF, intake=intake, submission=submission)
        texts = await self._texts.read(size, texts_of, brief)
        asked = list(playbooks.by_desk) if by_examples else []
        read = await self._classifiers.understand(asked, texts.all(), texts.whole)
        named = brief.model_copy(update={"desk": self._name})
        desks, reception = playbooks.by_desk, playbooks.reception
        return (
            intake,
            await self._texts.read(size, triage, brief, desks, reception, read),
            await self._texts.read(size, triage, named, desks, reception, read),
        )


async def _run_all(trial: Trial, submissions: Sequence[Submission]) -> list[Rest | None]:
    """Return where each comes to rest; None where it came to no rest, which on a busy machine must not cost all the others."""
    free = asyncio.Semaphore(AT_ONCE)

    async def run(submission: Submission) -> Rest | None:
        async with free:
            try:
                return await trial.run(submission)
            except DevStackError:
                return None

    return await asyncio.gather(*map(run, submissions))
