"""`dispatch approve|edit|reject|respond ID`: a decision as a person types it, signed where the tier asks for it.

A decision is bound to what is shown when it is typed, or to --proposal and --digest. Where the subject's tier asks for
a signature, it is signed with the newest key of the approver's that counts and whose private half is here.
"""

import argparse
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from pydantic import JsonValue

from cli.account import add_as
from cli.keys import ask_passphrase
from cli.request_ids import add_id, resolved
from cli.temporal import gateway_of_account
from dispatch.approval.authority import key_problem, person_named
from dispatch.approval.signing import Signable, sign
from dispatch.guard.risk import least_approval
from dispatch.models.errors import ApproversError, SubmissionError, WorkerUnavailableError
from dispatch.models.people.approvers import Approver
from dispatch.models.people.decision import ApprovalKind, ApprovalRequest, Decision, DecisionType
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from runtime.gateway import Gateway
from runtime.gateway_types import decision_for
from runtime.settings import Settings

_GOES_ROUND: Final = frozenset({DecisionType.EDIT, DecisionType.RESPOND})


class _Waiting(NamedTuple):
    """What is decided on, and at which gate; `kind` is None before a gate is open.

    `signed` says whether it asks for a signature; None where that cannot be told now.
    """

    proposal: str
    digest: str
    signed: bool | None
    answered: bool = True
    kind: ApprovalKind | None = None


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Add what one of the four decisions is called with."""
    add_id(command)
    add_as(command, "approver", "the approver")
    command.add_argument("--reason", default="", help="required with reject and respond")
    command.add_argument("--proposal", help="the proposal decided on (default: the one that waits)")
    command.add_argument("--digest", help="the digest decided on (default: the one that waits)")
    command.add_argument("--expires", metavar="TIME", help="it counts until then: ISO 8601 with a time zone")
    command.add_argument("--sign", action="store_true", help="sign it though the tier asks for a name only")
    command.add_argument("--json", action="store_true", help="for scripts")
    if name == DecisionType.EDIT:
        command.add_argument("pairs", nargs="+", metavar="parameter=value")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; returns its exit code. Raises as `run_decision`."""
    return await run_decision(gateway_of_account(), settings, arguments)


async def run_decision(gateway: Gateway, settings: Settings, arguments: argparse.Namespace) -> int:
    """Send the decision that was typed and print what became of it; gives the exit code.

    Raises SubmissionError where nothing waits, KeysError and ApproversError where it cannot be signed.
    """
    arguments.id = await resolved(gateway, arguments.id)
    pairs = pairs_of(arguments.pairs) if "pairs" in arguments else {}
    expires_at = _expiry(arguments.expires) if arguments.expires is not None else None
    waiting = await _waiting(gateway, arguments)
    decision = decision_for(
        DecisionType(arguments.command),
        arguments.approver,
        waiting.proposal,
        waiting.digest,
        arguments.reason,
        {name: _value(text) for name, text in pairs.items()},
    )
    if expires_at is not None:
        decision["expires_at"] = expires_at.isoformat()
    signed = arguments.sign or waiting.signed
    decision = signed_as(decision, settings, arguments.approver, due=signed)
    accepted, reason = await _sent(gateway, arguments.id, decision, answered=waiting.answered)
    if arguments.json:
        print_judged(accepted, reason)
    else:
        print(f"refused: {reason}" if accepted is False else reason)
        if accepted and decision["decision_type"] in _GOES_ROUND:
            print(f"{_what_follows(waiting.kind)}: dispatch status {arguments.id}")
    return 1 if accepted is False else 0


async def _sent(
    gateway: Gateway, request_id: str, decision: dict[str, JsonValue], *, answered: bool
) -> tuple[bool | None, str]:
    """Send it, or leave it in history where nobody answers (or has just not answered)."""
    if answered:
        with contextlib.suppress(WorkerUnavailableError):
            outcome = await gateway.decide(request_id, decision)
            return None if outcome.kept else outcome.accepted, outcome.reason
    await gateway.signal(request_id, "decide", decision)
    return (
        None,
        "no worker answers now; the decision is in the request's history and is judged when one runs",
    )


def print_judged(accepted: bool | None, reason: str) -> None:  # noqa: FBT001 (what the desk said, not a switch)
    """Print what became of a message, for scripts; null is one that the desk keeps and has not judged yet."""
    print(json.dumps({"accepted": accepted, "reason": reason}, ensure_ascii=False))


def pairs_of(texts: Sequence[str]) -> dict[str, str]:
    """Read name=value; raises SubmissionError for anything else, and for a name given twice."""
    pairs = dict(text.split("=", 1) for text in texts if "=" in text)
    if not pairs or len(pairs) != len(texts):
        raise SubmissionError(f"write field=value, once for each field; got {' '.join(texts) or 'nothing'}")
    return pairs


def _value(text: str) -> JsonValue:
    """Read an edit: a number where it is one, else text."""
    return int(text) if text.removeprefix("-").isdecimal() else text


def _expiry(text: str) -> datetime:
    try:
        expires_at = datetime.fromisoformat(text)
    except ValueError:
        expires_at = None
    if expires_at is None or expires_at.tzinfo is None:
        raise SubmissionError(
            f"--expires {text}: no time with a time zone; write it such as 2026-12-01T12:00:00Z"
        )
    if expires_at <= datetime.now(UTC):
        raise SubmissionError(f"--expires {text}: that is over; name a time to come, or leave it out")
    return expires_at


async def _waiting(gateway: Gateway, arguments: argparse.Namespace) -> _Waiting:
    """Return what is decided on: what was given, else what the status names.

    Raises SubmissionError where nothing waits, WorkerUnavailableError where nobody answers and not both were given.
    """
    proposal, digest = arguments.proposal, arguments.digest
    try:
        detail = await gateway.detail(arguments.id)
    except WorkerUnavailableError:
        if not (proposal and digest):
            raise
        return _Waiting(proposal, digest, None, answered=False)
    status = detail.status
    proposal, digest = proposal or status.proposal_id, digest or status.action_digest
    if proposal is None or digest is None:
        raise SubmissionError(f"{arguments.id} awaits no decision now; see 'dispatch status {arguments.id}'")
    gate = detail.approval_request
    return _Waiting(proposal, digest, _asks_for_signature(gate, digest), kind=gate.kind if gate else None)


def _asks_for_signature(approval_request: ApprovalRequest | None, digest: str) -> bool | None:
    """Return whether what has this digest must be signed; None before its gate is open."""
    if approval_request is None:
        return None
    # A digest that does not wait is the desk's to refuse, signed or not.
    item = next((s for s in approval_request.items if s.digest == digest), None)
    return item is not None and (item.approval.signed or least_approval(item.tier).signed)


def signed_as(
    decision: dict[str, JsonValue],
    settings: Settings,
    name: str,
    *,
    due: bool | None,
    kind: type[Signable] = Decision,
) -> dict[str, JsonValue]:
    """Sign a decision, or another `kind`, where that is due, and where that cannot be told by whoever has a key to do it.

    Raises KeysError and ApproversError where it cannot be signed.
    """
    file, store = ApproversFile(settings.approvers_path), KeyStore(settings.keys_path)
    if due is False:
        return decision
    person = person_named(file.read(), name)
    now = datetime.now(UTC)
    if due is None and (person is None or not _could_sign(person, store, now)):
        return decision
    if person is None:
        raise ApproversError(
            f"{file.path}: {name} is not in it, and this asks for a signature; "
            "decide --as somebody who is, or add them to the file and make a key with 'dispatch keys new'"
        )
    key = store.to_sign_with(person, now)
    passphrase = ask_passphrase(settings, f"{name}'s key {key.key_id}")
    return sign(store.load(name, key.key_id, passphrase), decision, kind)


def _could_sign(person: Approver, store: KeyStore, now: datetime) -> bool:
    return any(key_problem(key, now) is None and store.has(person.name, key.key_id) for key in person.keys)


def _what_follows(kind: ApprovalKind | None) -> str:
    if kind is ApprovalKind.ROUTING:
        return "the desk goes on with what was chosen"
    return "it goes round once more; the new proposal needs a decision of its own"
