"""Holds a change by what it made worse: the exceptions of all checks, the fewest that matter, the worst first."""

from collections.abc import Iterable
from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.website.models.facts import WORDS_ONLY, CheckFacts, EditFacts, PageProblem
from desks.website.models.terms import StandardTerms
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Finding, FindingStatus, ReviewException
from dispatch.models.work.proposal import Review, ReviewBrief
from dispatch.models.work.severity import Severity

_NAME: Final = "page_standards"
_EDIT: Final = "page_edit"
_CHECKS: Final = ("page_assets", "seo", "conformance", "acceptance", "accessibility")
_ORDER: Final = {Severity.CRITICAL: 0, Severity.MAJOR: 1, Severity.MINOR: 2}


class PageStandards:
    """Flag what the change brought; what was wrong before is a note in the reply. A check that did not run is never clean."""

    uses: ClassVar[tuple[type[System], ...]] = ()
    Config: ClassVar[type[Contract]] = StandardTerms

    def __init__(self, systems: Systems) -> None:
        del systems  # it reads findings alone

    async def review(self, brief: ReviewBrief) -> Review:
        terms = StandardTerms.model_validate(brief.config)
        return Review(handoff=brief.handoff, reviewer=_NAME, exceptions=tuple(exceptions_of(brief, terms)))


def exceptions_of(brief: ReviewBrief, terms: StandardTerms) -> Iterable[ReviewException]:
    """Yield the exceptions, one for each rule and page, at most as many as the playbook says; the last counts the rest."""
    edit = next((f for f in reversed(brief.findings) if f.specialist == _EDIT), None)
    if edit is None or edit.status is not FindingStatus.FOUND:
        return
    facts = EditFacts.model_validate(edit.facts)
    items = {page.path: page.item_ids for page in facts.pages}
    risky = any(page.risk not in WORDS_ONLY for page in facts.pages)
    problems = [*facts.left]
    for finding in _latest(brief.findings):
        found = _facts(finding)
        problems += found.worse
        if found.unavailable and (terms.unavailable == "always" or (risky and terms.unavailable == "risky")):
            text = f"{finding.specialist} did not run: {found.unavailable}"
            yield ReviewException(
                reviewer=_NAME,
                standard=f"{finding.specialist}.unavailable",
                severity=Severity.MAJOR,
                text=text,
            )
    ranked = sorted(
        _by_rule(p for p in problems if p.rule not in terms.ignore), key=lambda p: _ORDER[p.severity]
    )
    for problem in ranked[: terms.most]:
        yield ReviewException(
            reviewer=_NAME,
            standard=problem.rule,
            severity=problem.severity,
            text=f"{problem.path}, line {problem.line}: {problem.text}",
            item_ids=items.get(problem.path, ()),
        )
    if len(ranked) > terms.most:
        text = f"{len(ranked) - terms.most} more rules are broken by the change"
        yield ReviewException(
            reviewer=_NAME, standard="page.more", severity=ranked[terms.most].severity, text=text
        )


def _latest(findings: Iterable[Finding]) -> Iterable[Finding]:
    return {f.specialist: f for f in findings if f.specialist in _CHECKS}.values()


def _facts(finding: Finding) -> CheckFacts:
    if finding.status is FindingStatus.UNAVAILABLE:
        return CheckFacts(unavailable=finding.summary[:300] or "it failed")
    return CheckFacts.model_validate(finding.facts)


def _by_rule(problems: Iterable[PageProblem]) -> Iterable[PageProblem]:
    grouped: dict[tuple[str, str], list[PageProblem]] = {}
    for problem in problems:
        grouped.setdefault((problem.path, problem.rule), []).append(problem)
    for same in grouped.values():
        more = f" (and {len(same) - 1} more)" if len(same) > 1 else ""
        yield same[0].model_copy(update={"text": f"{same[0].text[:400]}{more}"})
