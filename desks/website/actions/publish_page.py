"""Publishes one page into the site's folder."""

import hashlib
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import FactsContext, System, Systems
from activities.failures import reconciling
from activities.permits import Permits
from desks.website.models.publishing import Publication, PublishFacts, PublishParameters, PublishPolicy
from desks.website.rules import tasks
from desks.website.rules.page.source import PageError
from desks.website.rules.publish_guard import inspect_publication
from desks.website.systems.site_pages import SitePages
from desks.website.systems.site_publisher import SitePublisher
from desks.website.systems.web_pages import WebPages
from dispatch.guard.contract import ActionDefaults, GuardContext
from dispatch.guard.risk import Inspection
from dispatch.http import bounded
from dispatch.models.contract import Contract
from dispatch.models.errors import DispatchError, RefusedError
from dispatch.models.handoff import Handoff
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Observation
from dispatch.storage.document_reader import Documents


class PublishPage(ActionDefaults):
    """Put a page in the place of the one that was changed, whole or not at all; the one before is kept and can be put back.

    A page that is not the one that the change was made on is never overwritten. Under one key there is one publication.
    """

    uses: ClassVar[tuple[type[System], ...]] = (SitePages, WebPages, SitePublisher)
    title: ClassVar[str] = "Publication of a page"
    Parameters: ClassVar[type[Contract]] = PublishParameters
    Facts: ClassVar[type[Contract]] = PublishFacts
    Policy: ClassVar[type[Contract]] = PublishPolicy
    compensable: ClassVar[bool] = True

    def __init__(self, systems: Systems) -> None:
        self._publisher, self._permits = systems.get(SitePublisher), systems.get(Permits)
        self._documents = systems.get(Documents)

    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> PublishFacts:
        """Read the page's digest as it is now. Raises Unavailable where the folder cannot be read."""
        wanted: PublishParameters = context.parameters
        try:
            here = await systems.get(SitePages).digest(wanted.path)
        except RefusedError:
            return PublishFacts(is_safe=False)
        # This very page may be published already where a request goes round again.
        return PublishFacts(sha256=here, published=here == wanted.page.sha256)

    @staticmethod
    def guard(parameters: PublishParameters, facts: PublishFacts, context: GuardContext) -> Inspection:
        """Check it by the rules of desks/website/rules/publish_guard.py."""
        return inspect_publication(parameters, facts, context.policy)

    @staticmethod
    def expected(parameters: PublishParameters) -> dict[str, JsonValue]:
        """Return what the site must serve: this page, which meets every check."""
        return {"sha256": parameters.page.sha256, "failed_checks": [], "effects": 1}

    @staticmethod
    def same(name: str, expected: JsonValue, seen: JsonValue) -> bool:
        """Compare one fact; a list of failed checks is as expected where it is empty."""
        return seen == expected if name == "failed_checks" else ActionDefaults.same(name, expected, seen)

    async def perform(self, order: ActionCommand) -> Receipt:
        """Publish the page unless this was done already.

        Raises Refused ('not_permitted'; 'page_changed' meanwhile; 'unsafe_path'; 'no_document'), Unavailable
        (nothing was done), OutcomeUnknown, and pydantic's ValidationError for parameters that are no publication.
        """
        key = order.bound.idempotency_key
        wanted = PublishParameters.model_validate(order.bound.action.parameters)
        with reconciling():
            earlier = await self._publisher.find(key)
        try:
            data = await self._documents.read(wanted.page)
        except DispatchError as error:
            raise RefusedError(bounded(f"the new page is not there: {error}"), "no_document") from None
        self._permits.require(order)
        made = await self._publisher.publish(key, wanted.path, data, wanted.was_sha256)
        return _receipt(order.handoff, order.bound, made, reconciled=earlier is not None)

    async def compensate(self, order: CompensationCommand) -> Receipt:
        """Put the version before back; one that is back stays so (`reconciled`).

        Raises Refused ('conflict': the receipt is of another action; 'page_changed' since; 'nothing_to_compensate'),
        Unavailable and OutcomeUnknown.
        """
        key = order.bound.idempotency_key
        if not is_intact(order.bound) or order.receipt.idempotency_key != key:
            raise RefusedError("the receipt is not of the action to compensate", "conflict")
        earlier = await self._publisher.find(key)
        restored = await self._publisher.restore(key)
        return _receipt(
            order.handoff, order.bound, restored, reconciled=earlier is not None and earlier.restored
        )

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation:
        """Fetch the page from the site over HTTP, and run the checks on what came back.

        Facts: sha256 of what the site serves, the checks that it fails, and `effects`. Raises Unavailable or Refused if
        the site does not answer with a page.
        """
        wanted = PublishParameters.model_validate(bound.action.parameters)
        fetched = await systems.get(WebPages).of_site(wanted.path)
        if fetched.status != 200:  # noqa: PLR2004 (HTTP's OK)
            return Observation(found=False, reference=fetched.url)
        try:
            failed = [problem.text for problem in tasks.check_acceptance(fetched.data, wanted.checks).worse]
        except PageError as error:
            failed = [str(error)]
        seen = hashlib.sha256(fetched.data).hexdigest()
        facts: dict[str, JsonValue] = {
            "sha256": seen,
            "failed_checks": list(failed[:20]),
            "effects": int(seen == wanted.page.sha256),
        }
        return Observation(found=True, reference=fetched.url, facts=facts)


def _receipt(handoff: Handoff, bound: BoundAction, made: Publication, *, reconciled: bool) -> Receipt:
    return Receipt(
        handoff=handoff,
        action=bound.action.name,
        idempotency_key=bound.idempotency_key,
        effect_id=f"{made.path}@{made.sha256[:16]}",
        facts={
            "path": made.path,
            "sha256": made.sha256,
            "was_sha256": made.was_sha256,
            "restored": made.restored,
        },
        at=datetime.now(UTC),
        reconciled=reconciled,
    )
