"""The hard rules for publishing a page."""

from desks.website.models.publishing import PublishFacts, PublishParameters, PublishPolicy
from desks.website.rules.site import is_page, safe_path
from dispatch.guard.risk import Inspection, Raised
from dispatch.models.work.guardian import Reason
from dispatch.models.work.playbook import Tier


def inspect_publication(wanted: PublishParameters, facts: PublishFacts, policy: PublishPolicy) -> Inspection:
    """Block what may never be published, and raise the tier by what the change does.

    A page that is no longer the one that was changed is blocked: nobody's work is overwritten.
    """
    blocks = []
    if safe_path(wanted.path) != wanted.path or not is_page(wanted.path) or not facts.is_safe:
        blocks.append(Reason(rule="publish.path", text=f"{wanted.path[:100]} is no page inside the site"))
    if any(_covers(pattern, wanted.path) for pattern in policy.never):
        blocks.append(Reason(rule="publish.never", text=f"the desk never publishes {wanted.path}"))
    if not facts.document:
        blocks.append(
            Reason(rule="publish.document", text="the new page is not in the store, or was changed there")
        )
    if facts.sha256 != wanted.was_sha256 and not facts.published:
        text = f"{wanted.path} was changed by somebody else since the change was made on it"
        blocks.append(Reason(rule="publish.conflict", text=text))
    tier = policy.risks.get(wanted.risk, Tier.CRITICAL)
    text = f"the change is of the kind {wanted.risk}"
    return Inspection(
        tier, blocks=tuple(blocks), raises=(Raised(tier, Reason(rule="publish.risk", text=text)),)
    )


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
