"""Checks people's guidance in the next proposal: it is never text for the requester, and unused guidance is reported.

Guidance is repeated where a text for the requester has a run of five words of it, or one whole sentence of three or four, that
the requester did not write, that the draft did not have when the person saw it, and that nobody wrote for the requester.
Figures and punctuation do not count.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from dispatch.approval.requests import GUIDANCE_REPEATED
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guidance import Guidance, RespondPurpose
from dispatch.models.work.proposal import AssemblyBrief, Proposal
from dispatch.models.work.severity import Severity
from dispatch.process.invariants import PROCESS

_RUN: Final = 5
_SENTENCE: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+")
_ENDS: Final = re.compile(r"[.!?;:]+(?=\s|$)|\n+")
_SHOWN: Final = 60

Words = tuple[str, ...]


def broken_guidance(proposal: Proposal, brief: AssemblyBrief) -> tuple[ReviewException, ...]:
    """Return where guidance is repeated to the requester, could not be used, or no longer holds."""
    return (*_repeated(proposal, brief), *_not_used(proposal, brief), *_superseded(proposal, brief))


def repeats(guidance: str, text: str, known: Iterable[str]) -> str:
    """Return words of the guidance that the text repeats and none of the `known` texts has; empty where there are none."""
    said, before = _all_runs(text), [_all_runs(one) for one in known]
    for run in _runs(guidance):
        if run in said and not any(run in one for one in before):
            return " ".join(run)
    return ""


def _repeated(proposal: Proposal, brief: AssemblyBrief) -> Iterator[ReviewException]:
    texts = list(_texts_for_requester(proposal, brief))
    theirs = [
        brief.submission.subject,
        brief.submission.body,
        *(text for one in brief.additions for text in (one.subject, one.text)),
        *_written_for_requester(brief),
    ]
    internal = [(said.by, said.text, said.draft) for said in brief.guidance]
    internal += [(one.by, one.reason, one.draft) for one in brief.declined]
    for by, guidance, draft in internal:
        found = next((run for text in texts if (run := repeats(guidance, text, (*theirs, draft)))), "")
        if found:
            why = (
                f"the text repeats what {by} wrote for the desk alone (“{found[:_SHOWN]}”); edit the text, "
                "send it back, or reject it"
            )
            yield _exception(GUIDANCE_REPEATED, Severity.CRITICAL, why)
            return


def _texts_for_requester(proposal: Proposal, brief: AssemblyBrief) -> Iterator[str]:
    """Yield the draft and every text of the actions that write to the requester."""
    playbook = brief.playbook.playbook
    writing = {part.action for part in (playbook.deliver, playbook.contact) if part is not None}
    if proposal.delivery is not None:
        yield proposal.draft.text
    for bound in proposal.actions:
        if bound.action.name in writing:
            yield from (value for value in bound.action.parameters.values() if isinstance(value, str))


def _written_for_requester(brief: AssemblyBrief) -> Iterator[str]:
    """Yield what people wrote as text for the requester: edits, questions, reasons for the requester."""
    for said in brief.guidance:
        yield said.question
        for values in said.edits.values():
            yield from (value for value in values.values() if isinstance(value, str))
    yield from (one.reason_for_requester for one in brief.declined)


def _not_used(proposal: Proposal, brief: AssemblyBrief) -> Iterator[ReviewException]:
    """Yield an exception if the last guidance had no effect."""
    last = brief.guidance[-1] if brief.guidance else None
    if last is None or last.purpose is None:
        return
    if last.unanswered:
        why = f"the requester did not answer in time what {last.by} asked: “{last.question[:_SHOWN]}”"
        yield _exception("question.unanswered", Severity.MAJOR, why)
    if last.purpose is RespondPurpose.ASK_REQUESTER:
        return
    can = last.purpose in brief.playbook.playbook.uses_guidance
    if can and not _is_unchanged(proposal, last, brief.previous):
        return
    what = "text" if last.purpose is RespondPurpose.CHANGE_DRAFT else "action"
    because = "nothing came of it" if can else "this desk works by rules, which cannot use guidance"
    why = f"{last.by} sent it back to have the {what} changed: {because}; edit it, reject it, or approve it as it is"
    yield _exception("guidance.not_used", Severity.MAJOR, why)


def _is_unchanged(proposal: Proposal, said: Guidance, previous: Proposal | None) -> bool:
    if said.purpose is RespondPurpose.CHANGE_DRAFT:
        return proposal.draft.text == said.draft
    now, before = (_parameters(one, said.about) for one in (proposal, previous))
    return now is not None and now == before


def _parameters(proposal: Proposal | None, effect: str) -> object:
    actions = [bound.action for bound in proposal.actions] if proposal is not None else []
    return next((a.parameters for a in actions if f"{a.name}/{a.subject}" == effect), None)


def _superseded(proposal: Proposal, brief: AssemblyBrief) -> Iterator[ReviewException]:
    """Yield each edit that a rejection superseded, until a person edits the same again."""
    for number, said in enumerate(brief.guidance):
        later = [
            effect for one in brief.guidance[number + 1 :] for effect in one.edits.keys() - {*one.superseded}
        ]
        if proposal.delivery is not None and any(effect not in later for effect in said.superseded):
            why = (
                f"{said.by} edited the text before an action was rejected; it is rewritten without that edit, for "
                "it may have told of what is not done"
            )
            yield _exception("edit.superseded", Severity.MAJOR, why)
            return


def _runs(text: str) -> Iterator[Words]:
    whole = _words(text)
    yield from (whole[i : i + _RUN] for i in range(len(whole) - _RUN + 1))
    for sentence in _ENDS.split(text):
        words = _words(sentence)
        if _SENTENCE <= len(words) < _RUN:
            yield words


def _words(text: str) -> Words:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _all_runs(text: str) -> set[Words]:
    words = _words(text)
    return {words[i : i + n] for n in range(_SENTENCE, _RUN + 1) for i in range(len(words) - n + 1)}


def _exception(standard: str, severity: Severity, text: str) -> ReviewException:
    return ReviewException(reviewer=PROCESS, standard=standard, severity=severity, text=text)
