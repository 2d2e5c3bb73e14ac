"""Determines which specialists correct the flagged parts."""

from collections.abc import Iterable, Sequence

from dispatch.models.work.finding import Finding, ReviewException
from dispatch.models.work.playbook import ReviewPolicy


def groups_to_mend(
    policy: ReviewPolicy,
    groups: Sequence[tuple[str, ...]],
    findings: Iterable[Finding],
    flagged: Iterable[ReviewException],
) -> tuple[tuple[str, ...], ...]:
    """Return the groups to call again, in their order; empty if no specialist can correct anything.

    The playbook's `mend` says who; without it, those who wrote on the flagged items, or all who wrote where none of
    those did. The specialists of later groups are called again as well, because they read the corrected findings.
    """
    menders = set(policy.mend) or _writers(findings, flagged)
    first = next((row for row, group in enumerate(groups) if menders & set(group)), len(groups))
    own = tuple(name for name in groups[first] if name in menders) if first < len(groups) else ()
    return (own, *groups[first + 1 :]) if own else ()


def _writers(findings: Iterable[Finding], flagged: Iterable[ReviewException]) -> set[str]:
    wrote = [finding for finding in findings if finding.statements]
    items = {item_id for exception in flagged for item_id in exception.item_ids}
    concerned = {
        finding.specialist
        for finding in wrote
        if any(items & set(said.item_ids) for said in finding.statements)
    }
    return concerned or {finding.specialist for finding in wrote}
