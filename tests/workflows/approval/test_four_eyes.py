"""Signed decisions and four eyes on the real server: what counts, what is refused, and what the executor looks at again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.client import Client

import starter
from dispatch.models.people.approvers import Approvers
from dispatch.models.request.message_names import MessageName
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from dispatch.storage.approvers_file import ApproversFile
from runtime.gateway import Gateway
from runtime.gateway_types import ExtensionOutcome
from tests.desk import Case, Change, Desk, quick, running_desk
from tests.signers import Signer, write_approvers
from tests.workflows.requests_made import held_refund

ANA = Signer("ana", ("refunds",))
BEN = Signer("ben", ("refunds-lead",), {"addresses": ("ben@desk.example",)})
CLEO = Signer("cleo", ("refunds-lead", "support-lead"))
HERSELF = Signer("anna", ("refunds-lead",), {"addresses": ("Anna.Mueller+work@post.example",)})


def at_tier(tier: str, signatures: int, *, signed: bool) -> Change:
    """Hold every refund at a tier."""

    def change(playbook: dict[str, Any]) -> None:
        guardian = playbook["guardian"]
        waiting = {"approvers": ["refunds-lead"], "deadline": "3 days"}
        guardian["tiers"][tier] = {
            "approval": {"signatures": signatures, "signed": signed},
            "waiting": waiting,
        }
        guardian["actions"]["issue_refund"]["amounts"] = {"EUR": [{"up_to_minor": 500_000, "tier": tier}]}

    return change


@pytest.fixture
async def signing(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, at_tier("high", 1, signed=True)) as desk:
        write_approvers(desk.settings.approvers_path, ANA, BEN, CLEO, HERSELF)
        yield desk


@pytest.fixture
async def four_eyes(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, at_tier("critical", 2, signed=True)) as desk:
        write_approvers(desk.settings.approvers_path, ANA, BEN, CLEO, HERSELF)
        yield desk


async def say(
    case: Case, by: Signer, decision_type: str = "approve", **changed: JsonValue
) -> tuple[bool, str]:
    """Sign a decision on what waits now, with some fields changed, and send it."""
    decision = {**await case.decision(decision_type), **changed}
    return await starter.decide(case.desk.client, case.id, by.signs(decision))


async def test_a_signed_approval_pays_and_is_on_record(signing: Desk) -> None:
    """The trail names the person and the fingerprint of the key that was verified."""
    case = await held_refund(signing)
    accepted, reason = await say(case, BEN)
    assert accepted, reason
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert len(signing.back_office.refunds()) == 1
    (decided,) = [entry for entry in outcome.trail if entry.kind is EntryKind.DECISION]
    assert decided.decided_by == "ben"
    assert BEN.key.key_id in f"{decided.what} {decided.why}"


async def test_every_refusal_says_why_and_the_request_keeps_waiting(signing: Desk) -> None:
    """Nothing of it pays; the right signature still does, after all of them."""
    case = await held_refund(signing)
    good = await case.decision("approve")
    other = await signing.submit(
        "Please refund order DD-10003, it does not match.", sender="sean.obrien@mail.example"
    )
    elsewhere = await other.until("waiting_for_approval")
    stranger = Signer("ben", ("refunds-lead",))
    digest = str(elsewhere.action_digest)
    refused: list[tuple[Any, str]] = [
        ({**good, "approver": "ben"}, "unsigned"),
        ({**BEN.signs(good), "reason": "and more"}, "forged"),
        ({**BEN.signs(good), "approver": "cleo"}, f"key {BEN.key.key_id} is ben's, not cleo's"),
        (stranger.signs(good), f"unknown key: {stranger.key.key_id}"),
        (ANA.signs(good), "ana may not decide here"),
        (HERSELF.signs(good), "anna may not decide on a request of their own"),
        (BEN.signs({**good, "action_digest": digest}), f"names no action that waits here: digest {digest}"),
        (BEN.signs({**good, "proposal_id": "p7"}), "stale: names proposal p7, but p1 waits"),
        (BEN.signs({**good, "expires_at": "2020-01-01T00:00:00Z"}), "expired at 2020-01-01"),
        (None, "a decision is an object; this is null"),
        ({**BEN.signs(good), "sudo": True}, "sudo: unknown field"),
        ({**good, "reason": "x" * 1_000_000}, "larger than 64 KB"),
    ]
    for sent, _ in refused:
        await case.signal("decide", sent)
    reasons = await case.refused(len(refused))
    # What cannot be for this gate is refused before what has to be verified, so the order may differ.
    for _, begins in refused:
        assert [reason for reason in reasons if reason.startswith(begins)], begins
    assert signing.back_office.refunds() == []
    assert (await starter.decide(signing.client, case.id, BEN.signs(good)))[0]
    assert (await case.outcome()).ending is Ending.DONE
    assert len(signing.back_office.refunds()) == 1


async def test_a_deadline_moves_with_the_signature_of_whoever_may_decide(signing: Desk) -> None:
    """A plain signal in a role's or a person's name moves nothing, however late its deadline; nor does an old signature."""
    case = await held_refund(signing)
    before = (await case.status()).review_point.by
    wanted = await later(case, days=10)
    altered = {**BEN.signs_extension(wanted), "deadline": (await later(case, days=20))["deadline"]}
    as_decision = BEN.signs(await case.decision("reject"))
    refused: list[tuple[dict[str, JsonValue], str]] = [
        (
            {"approver": "refunds-lead", "deadline": wanted["deadline"]},
            "this asks for a signed extension, which",
        ),
        ({**wanted, "approver": "refunds-lead"}, "refunds-lead is no person of the approvers file"),
        ({**wanted, "approver": "ben"}, "unsigned: this asks for a signed extension"),
        (ANA.signs_extension(wanted), "ana may not decide here; may: ben, cleo, anna"),
        (HERSELF.signs_extension(wanted), "anna may not decide on a request of their own"),
        (altered, f"forged: the signature is not that of key {BEN.key.key_id}"),
        ({**BEN.signs_extension(wanted), "signature": as_decision["signature"]}, "forged"),
        (BEN.signs_extension(await later(case, seconds=3)), "the current deadline is "),
        (BEN.signs_extension({**wanted, "proposal_id": "p7"}), "stale: names proposal p7, but p1 waits"),
    ]
    for sent, _ in refused:
        await case.signal("extend", sent)
    reasons = await case.refused(len(refused))
    for _, begins in refused:
        assert [reason for reason in reasons if reason.startswith(begins)], (begins, reasons)
    assert (await case.status()).review_point.by == before
    outcome = await Gateway.over(signing.client).update(
        case.id, MessageName.EXTEND, BEN.signs_extension(wanted), ExtensionOutcome
    )
    assert outcome.accepted, outcome.reason
    assert outcome.reason.endswith(f"by ben as refunds-lead; signed with {BEN.key.key_id}")
    by = (await case.status()).review_point.by
    assert by == datetime.fromisoformat(str(wanted["deadline"]))
    assert (await say(case, BEN))[0]
    assert (await case.outcome()).ending is Ending.DONE


async def later(case: Case, **ahead: float) -> dict[str, JsonValue]:
    """Write an extension to so far from now, for what waits now."""
    status = await case.status()
    return {
        "deadline": (datetime.now(UTC) + timedelta(**ahead)).isoformat(),
        "proposal_id": status.proposal_id,
        "action_digest": status.action_digest,
    }


async def test_a_key_revoked_before_the_effect_takes_the_approval_with_it(four_eyes: Desk) -> None:
    """Both had signed validly; between the second signature's arrival and the effect the first key was revoked."""
    case = await held_refund(four_eyes)
    assert (await say(case, BEN))[0]
    revoked = BEN.key.model_copy(update={"revoked_at": datetime.now(UTC)})
    people = [signer.person for signer in (ANA, CLEO, HERSELF)]
    file = ApproversFile(four_eyes.settings.approvers_path)
    file.write(Approvers(approvers=(*people, BEN.person.model_copy(update={"keys": (revoked,)}))))
    assert (await say(case, CLEO))[0]
    await case.until("escalated")
    assert four_eyes.back_office.refunds() == []
    assert "was revoked at" in (await case.status()).review_point.awaiting


async def test_four_eyes_belong_to_two_people(four_eyes: Desk) -> None:
    """One approval, also a second one of the same person, pays nothing; the status says who has approved."""
    case = await held_refund(four_eyes)
    assert (await say(case, BEN))[0]
    status = await case.until("waiting_for_approval")
    assert status.review_point.awaiting.endswith("(1 of 2 signatures: ben)")
    assert await say(case, BEN) == (
        False,
        "ben has approved issue_refund already; it needs 2 different people",
    )
    assert four_eyes.back_office.refunds() == []
    assert (await say(case, CLEO))[0]
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [e.decided_by for e in outcome.trail if e.kind is EntryKind.DECISION] == ["ben", "cleo"]
    assert len(four_eyes.back_office.refunds()) == 1


async def test_two_names_belong_to_two_people(client: Client, tmp_path: Path) -> None:
    """Without signatures too, one person counts once, also under a role's name; the second person lets it pass."""

    def two_names(playbook: dict[str, Any]) -> None:
        at_tier("high", 2, signed=True)(playbook)
        at_tier("medium", 2, signed=False)(playbook)

    async with running_desk(client, tmp_path, quick, two_names) as desk:
        write_approvers(desk.settings.approvers_path, ANA, BEN, CLEO)
        case = await held_refund(desk)
        assert (await case.status()).next_command == f"dispatch approve {case.id} --as NAME"
        by_name = [await case.decision("approve", by=name) for name in ("ben", "cleo")]
        assert (await starter.decide(client, case.id, by_name[0]))[0]
        status = await case.until("waiting_for_approval")
        assert status.review_point.awaiting.endswith("(1 of 2 approvals: ben)")
        as_role = await case.decision("approve", by="refunds-lead")
        accepted, reason = await starter.decide(client, case.id, as_role)
        assert not accepted
        assert reason.startswith("refunds-lead is no person of the approvers file")
        assert desk.back_office.refunds() == []
        assert (await starter.decide(client, case.id, by_name[1]))[0]
        assert (await case.outcome()).ending is Ending.DONE
        assert len(desk.back_office.refunds()) == 1


async def test_one_of_two_can_still_reject(four_eyes: Desk) -> None:
    """The second pair of eyes is there to say no."""
    case = await held_refund(four_eyes)
    await say(case, BEN)
    assert (await say(case, CLEO, "reject", reason="not on these grounds"))[0]
    assert (await case.outcome()).ending is Ending.REJECTED
    assert four_eyes.back_office.refunds() == []


async def test_after_an_edit_both_sign_anew(four_eyes: Desk) -> None:
    """An approval of the first proposal is none of the second."""
    case = await held_refund(four_eyes)
    first = BEN.signs(await case.decision("approve"))
    await starter.decide(four_eyes.client, case.id, first)
    await say(case, CLEO, "edit", edits={"amount_minor": 1_000})
    await case.until("waiting_for_approval", proposal="p2")
    assert not (await starter.decide(four_eyes.client, case.id, first))[0]
    assert (await say(case, CLEO))[0]
    assert four_eyes.back_office.refunds() == []
    assert (await say(case, BEN))[0]
    assert (await case.outcome()).ending is Ending.DONE
    assert [refund["amount_minor"] for refund in four_eyes.back_office.refunds()] == [1_000]


async def test_a_broken_approvers_file_approves_nothing(signing: Desk) -> None:
    """Who may decide is never a guess: the request keeps waiting, and the same decision counts once it is mended."""
    path = signing.settings.approvers_path
    good = path.read_text(encoding="utf-8")
    case = await held_refund(signing)
    decision = BEN.signs(await case.decision("approve"))
    path.write_text("approvers: [", encoding="utf-8")
    accepted, reason = await starter.decide(signing.client, case.id, decision)
    assert (accepted, reason.startswith("cannot be judged now, send it again")) == (False, True)
    assert (await case.status()).state == "waiting_for_approval"
    path.write_text(good, encoding="utf-8")
    assert (await starter.decide(signing.client, case.id, decision))[0]
    assert (await case.outcome()).ending is Ending.DONE


async def test_without_an_approvers_file_nothing_signed_is_accepted(client: Client, tmp_path: Path) -> None:
    """The safe default: nobody is known, so nobody's signature is."""
    async with running_desk(client, tmp_path, quick, at_tier("high", 1, signed=True)) as desk:
        case = await held_refund(desk)
        accepted, reason = await say(case, BEN)
        assert (accepted, reason.startswith("ben may not decide here")) == (False, True)


async def test_the_own_request_is_decided_by_somebody_else(signing: Desk) -> None:
    """A requester cannot approve their own refund, from any of their addresses; a colleague can."""
    case = await held_refund(signing)
    assert (await say(case, HERSELF))[0] is False
    assert (await say(case, CLEO))[0]
    assert (await case.outcome()).ending is Ending.DONE
