"""Publishes one text on one channel."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import FactsContext, System, Systems
from activities.failures import reconciling
from activities.permits import Permits
from desks.marketing.models.post import PostGuardFacts, PostParameters, PostPolicy
from desks.marketing.models.publication import Publication
from desks.marketing.rules.posting import guard_facts, inspect_post, open_in
from desks.marketing.systems.brand_book import BrandBook
from desks.marketing.systems.posts import Posts
from desks.marketing.systems.publishing import Publishing
from dispatch.guard.contract import ActionDefaults, GuardContext
from dispatch.guard.risk import Inspection
from dispatch.models.contract import Contract
from dispatch.models.contract import Facts as EffectFacts
from dispatch.models.errors import RefusedError
from dispatch.models.handoff import Handoff
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Observation


class PublishPost(ActionDefaults):
    """Publishes the text of a bound action, and takes it down to compensate.

    At most one publication for each idempotency key where the publishing system honours it, otherwise reconciled: each
    attempt looks for a publication under its key before it makes one, and takes only the same one for its own.
    """

    uses: ClassVar[tuple[type[System], ...]] = (BrandBook, Posts, Publishing)
    title: ClassVar[str] = "Publication"
    Parameters: ClassVar[type[Contract]] = PostParameters
    Facts: ClassVar[type[Contract]] = PostGuardFacts
    Policy: ClassVar[type[Contract]] = PostPolicy
    compensable: ClassVar[bool] = True

    def __init__(self, systems: Systems) -> None:
        self._publishing, self._permits = systems.get(Publishing), systems.get(Permits)

    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> PostGuardFacts:
        """Judge the text as it would appear, whoever wrote it and whatever a specialist made of it."""
        house, post = systems.get(BrandBook).house, context.parameters
        return guard_facts(await asyncio.to_thread(open_in, house, post, context.now.date()))

    @staticmethod
    def guard(parameters: PostParameters, facts: PostGuardFacts, context: GuardContext) -> Inspection:
        """Check it by the rules of desks/marketing/rules/posting.py."""
        policy: PostPolicy = context.policy
        return inspect_post(parameters, facts, policy)

    @staticmethod
    def expected(parameters: PostParameters) -> dict[str, JsonValue]:
        """Return the expected record: one publication of this text on this channel."""
        return {
            "channel": parameters.channel,
            "text_sha256": _digest(parameters.text),
            "status": "published",
            "effects": 1,
        }

    async def perform(self, order: ActionCommand) -> Receipt:
        """Publish unless it is already there.

        Raises Refused ('not_permitted'; 'conflict': another publication stands under this key, or the one that stood was
        taken down; or the system's own code), Unavailable, OutcomeUnknown (the answer was lost; the next attempt
        reconciles) and pydantic's ValidationError for parameters that are no publication.
        """
        key = order.bound.idempotency_key
        wanted = PostParameters.model_validate(order.bound.action.parameters)
        with reconciling():
            standing = await self._publishing.find(key)
        if standing is None:
            # Not before the look: an authorization that expired after the publication would hide that it was made.
            self._permits.require(order)
        made = standing or await self._publishing.publish(_body(wanted), key)
        if (made.channel, made.text) != (wanted.channel, wanted.text):
            raise RefusedError(f"another publication, {made.post_id}, stands under {key}", "conflict")
        if made.status != "published":
            raise RefusedError(f"the publication under {key}, {made.post_id}, was taken down", "conflict")
        return _receipt(order.handoff, order.bound, made, made.created_at, reconciled=standing is not None)

    async def compensate(self, order: CompensationCommand) -> Receipt:
        """Take down the publication that stands under the action's key; one that is down stays so (`reconciled`).

        Raises Refused ('conflict', 'nothing_to_compensate', or the system's own code), Unavailable and OutcomeUnknown.
        """
        key = order.bound.idempotency_key
        if not is_intact(order.bound) or order.receipt.idempotency_key != key:
            raise RefusedError("the receipt is not of the action to compensate", "conflict")
        made = await self._publishing.find(key)
        if made is None:
            raise RefusedError(f"nothing was published under {key}", "nothing_to_compensate")
        if made.post_id != order.receipt.effect_id:
            text = f"the receipt names {order.receipt.effect_id}, and {made.post_id} stands under {key}"
            raise RefusedError(text, "conflict")
        was_down = made.status == "taken_down"
        if not was_down:
            made = await self._publishing.take_down(made.post_id, f"{key}/takedown")
        return _receipt(order.handoff, order.bound, made, datetime.now(UTC), reconciled=was_down)

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation:
        """Read what is published under the key.

        Facts: channel, text_sha256, status, and `effects`, the number of publications that stand. Raises Unavailable or
        Refused if nothing can be read.
        """
        found = await systems.get(Posts).by_key(bound.idempotency_key)
        if not found:
            return Observation(found=False, reference=bound.idempotency_key)
        standing = [one for one in found if one.status == "published"]
        seen = (standing or list(found))[0]
        return Observation(
            found=True, reference=seen.post_id, facts={**_facts(seen), "effects": len(standing)}
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _body(post: PostParameters) -> dict[str, JsonValue]:
    return {"channel": post.channel, "title": post.title, "text": post.text, "form": post.form}


def _facts(made: Publication) -> EffectFacts:
    return {"channel": made.channel, "text_sha256": _digest(made.text), "status": made.status}


def _receipt(
    handoff: Handoff, bound: BoundAction, made: Publication, at: datetime, *, reconciled: bool
) -> Receipt:
    return Receipt(
        handoff=handoff,
        action=bound.action.name,
        idempotency_key=bound.idempotency_key,
        effect_id=made.post_id,
        facts=_facts(made),
        at=at,
        reconciled=reconciled,
    )
