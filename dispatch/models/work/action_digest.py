"""Digests of canonical forms, to which guardian and approvers bind, and keys that survive resets and edits."""

from typing import Final

from dispatch.models.canonical import canonical_form, digest_of
from dispatch.models.work.playbook import Playbook, PlaybookRef
from dispatch.models.work.proposal import Action, BoundAction

_NOT_COVERED: Final = frozenset({"digest", "view"})


def idempotency_key(request_id: str, action: Action) -> str:
    """Return the idempotency key of an effect: of request, action and subject, without run id, attempt or proposal."""
    return f"{request_id}/{action.name}/{action.subject}"


def with_declaration(action: Action, playbook: Playbook) -> Action:
    """Return an action with how it is done, where the playbook declares that: in full, for people approve all of it."""
    declared = playbook.actions.get(action.name)
    return action.model_copy(update={"declared": declared.model_dump(mode="json") if declared else {}})


def bind(request_id: str, proposal_id: str, playbook: PlaybookRef, action: Action) -> BoundAction:
    """Bind an action to its request, proposal and playbook, so that every change of it is detected."""
    bound = BoundAction(
        request_id=request_id,
        proposal_id=proposal_id,
        playbook=playbook,
        action=action,
        idempotency_key=idempotency_key(request_id, action),
        digest="0" * 64,
    )
    return bound.model_copy(update={"digest": digest_of(canonical_form(bound, _NOT_COVERED))})


def is_intact(bound: BoundAction) -> bool:
    """Return whether the digest matches the content."""
    made = bind(bound.request_id, bound.proposal_id, bound.playbook, bound.action)
    return made == bound.model_copy(update={"view": None})
