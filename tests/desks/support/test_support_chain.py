"""The support desk's specialists, assembly and reviewer together, by the shipped playbook, over all sample orders."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import chain

import pytest
import pytest_asyncio

from activities.catalogue import Catalogue
from activities.contracts import Systems
from desks.support.models.facts import ReplyStandardsTerms
from desks.support.models.refund_action import RefundParameters
from desks.support.rules.reply_standards import review
from desks.support.systems.records import Records
from devstack.back_office.seed import SEED
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Party
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.proposal import Proposal, ReviewBrief
from tests.desk import SHIPPED
from tests.servers import BackOfficeService, running_back_office
from tests.support_desk import assemble, assembly_brief, handoff, item, review_brief

SUPPORT = SHIPPED.by_desk["support"]
SAMPLES = json.loads(SEED.read_text(encoding="utf-8"))
CUSTOMERS = {each["customer_id"]: each for each in SAMPLES["customers"]}
ORDERS = {each["order_number"]: each for each in SAMPLES["orders"]}
SHARED = {"CU-1016", "CU-1017"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BackOfficeService]:
    """Run one back office for this file; nothing here changes its data."""
    async with running_back_office(tmp_path_factory.mktemp("back_office")) as running:
        yield running


async def carried(service: BackOfficeService, requester: Party, *items: Item) -> ReviewBrief:
    """Carry a request from its items to the draft, as the coordinator would."""
    records = service.records()
    catalogue = Catalogue.discover(("desks.support", "channels.mail"))
    playbook = SUPPORT.playbook
    now = handoff().model_copy(update={"at": datetime.now(UTC)})
    findings: tuple[Finding, ...] = ()
    try:
        for name in chain.from_iterable(playbook.plan.groups):
            specialist = catalogue.specialist_classes[name](Systems({Records: records}))
            asked = Brief(
                handoff=now,
                request_id="support/r-1",
                requester=requester,
                subject="My order",
                items=items,
                findings=findings,
                intents={each.kind: playbook.intents[each.kind] for each in items},
                config=playbook.specialists[name].config,
            )
            findings = (*findings, await specialist.examine(asked))
    finally:
        await records.close()
    joined = assembly_brief(*findings, items=items, sender=requester)
    proposal: Proposal = assemble(joined.model_copy(update={"playbook": SUPPORT}))
    return review_brief(proposal, items, findings)


def exceptions(draft: ReviewBrief) -> list[str]:
    terms = ReplyStandardsTerms.model_validate(SUPPORT.playbook.review.reviewers["reply_standards"].config)
    return [f"{e.standard}: {e.text}" for e in review(draft, terms)]


@pytest.mark.parametrize("number", ORDERS)
async def test_every_sample_order_leads_to_a_draft_that_meets_the_standards(
    service: BackOfficeService, number: str
) -> None:
    """Whatever state an order is in, its owner gets a clean reply, and no refund above what is left of a payment."""
    owner = CUSTOMERS[ORDERS[number]["customer_id"]]
    requester = Party(address=owner["email_addresses"][0], name=owner["name"])
    draft = await carried(
        service,
        requester,
        item(f"Please refund {number}.", kind="refund", order_number=number),
        item(f"Where is {number}?", number=2, kind="order_status", order_number=number),
        item("When do you open?", number=3, kind="opening_hours"),
        item("Please change my address.", number=4, kind="address_change"),
    )
    assert exceptions(draft) == []
    left = {
        each["payment_id"]: each["amount_minor"]
        - sum(given["amount_minor"] for given in each.get("refunds", ()))
        for each in ORDERS[number].get("payments", ())
    }
    refunds = [
        RefundParameters.model_validate(bound.action.parameters) for bound in draft.proposal.actions[:-1]
    ]
    assert all(each.amount_minor <= left[each.payment_id] for each in refunds)
    if owner["customer_id"] in SHARED:
        assert refunds == []


@pytest.mark.parametrize("address", ["stranger@mail.example", "anna.mueller@post.example"])
async def test_whoever_asks_for_another_s_order_gets_a_reply_that_rests_on_no_record(
    service: BackOfficeService, address: str
) -> None:
    """The refusal may go to anyone, for it tells nothing: the guardian need not hold it back."""
    requester = Party(address=address, name="Somebody")
    draft = await carried(
        service, requester, item("Refund DD-10003.", kind="refund", order_number="DD-10003")
    )
    (reply,) = draft.proposal.actions
    assert exceptions(draft) == []
    assert reply.action.evidence_ids
    assert not reply.action.rests_on_personal_evidence
    assert [refusal.rule for refusal in draft.proposal.refusals] == ["order.not_found"]
