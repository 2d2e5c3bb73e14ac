"""What an approval binds to: digests over canonical JSON, and keys that outlive resets and edits."""

import hashlib
import json

from pydantic import BaseModel, JsonValue

from dispatch.models.playbook import PlaybookRef
from dispatch.models.proposal import Action, BoundAction


def canonical_json(value: BaseModel | JsonValue) -> str:
    """Give one text for one value: keys sorted, no spaces, UTF-8, no floats in our contracts (as RFC 8785)."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: BaseModel | JsonValue) -> str:
    """Give the sha256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def idempotency_key(request_id: str, action: Action) -> str:
    """Name the effect: one for each request, action and subject; no run id, attempt or proposal in it."""
    return f"{request_id}/{action.name}/{action.subject}"


def bind(request_id: str, proposal_id: str, playbook: PlaybookRef, action: Action) -> BoundAction:
    """Bind an action to its request, proposal and playbook, so that nothing of it can change unseen."""
    key = idempotency_key(request_id, action)
    bound: dict[str, JsonValue] = {
        "request_id": request_id,
        "proposal_id": proposal_id,
        "playbook": playbook.model_dump(mode="json"),
        "action": action.model_dump(mode="json"),
        "idempotency_key": key,
    }
    return BoundAction(
        request_id=request_id,
        proposal_id=proposal_id,
        playbook=playbook,
        action=action,
        idempotency_key=key,
        digest=digest_of(bound),
    )


def is_intact(bound: BoundAction) -> bool:
    """Tell whether the digest is the one of the content."""
    return bind(bound.request_id, bound.proposal_id, bound.playbook, bound.action) == bound
