"""`dispatch approve|edit|reject|respond|route|sort|settle|leave ID`: a decision as a person types it, signed where the tier asks for it.

A decision is bound to the proposal that is shown when it is typed, or to --proposal and --digest. Where the tier requires
a signature, it is signed with the approver's newest valid key whose private half is on this machine.
"""

import argparse
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import JsonValue

from cli.account import add_as
from cli.keys import ask_passphrase
from cli.request_ids import add_id, resolved
from cli.temporal import gateway_of_account
from dispatch.approval.authority import key_problem, person_named
from dispatch.approval.consequences import still_awaited
from dispatch.approval.decisions import due_at
from dispatch.approval.signing import Signable, sign
from dispatch.models.errors import ApproversError, SubmissionError, WorkerUnavailableError
from dispatch.models.people.approvers import Approver
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.request.follow_up import FollowUpDetail
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.work.guidance import RespondPurpose
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from runtime.gateway import Gateway
from runtime.gateway_types import decision_for
from runtime.settings import Settings

_OF_EACH: Final = frozenset({DecisionType.APPROVE, DecisionType.REJECT})
"""Decisions that are made on each action that waits, where none is named."""


class _Waiting(NamedTuple):
    """The item to decide on, and its gate; `kind` is None before a gate is open.

    `signed` says whether it requires a signature; None if that is not known now.
    """

    proposal: str
    digest: str
    signed: bool | None
    answered: bool = True
    kind: ApprovalKind | None = None
    key: str = ""


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Add the arguments of one decision."""
    add_id(command)
    add_as(command, "approver", "the approver")
    command.add_argument("--reason", default="", help="for the desk alone, never in a mail; needed to reject")
    command.add_argument(
        "--action",
        metavar="KEY",
        help=f"the action decided on, as 'dispatch show' names it ({_without(name)})",
    )
    command.add_argument("--proposal", help="the proposal decided on (default: the one that waits)")
    command.add_argument("--digest", help="the digest decided on (default: the one that waits)")
    command.add_argument("--expires", metavar="TIME", help="it counts until then: ISO 8601 with a time zone")
    command.add_argument("--sign", action="store_true", help="sign it though the tier asks for a name only")
    command.add_argument("--json", action="store_true", help="for scripts")
    if name == DecisionType.REJECT:
        command.add_argument(
            "--reason-for-requester", default="", metavar="TEXT", help="goes into the mail as it is typed"
        )
    if name == DecisionType.RESPOND:
        command.add_argument(
            "--purpose", required=True, choices=[purpose.value for purpose in RespondPurpose], help="what for"
        )
        command.add_argument("--question", default="", help="with ask_requester: sent as it is typed")
    if name == DecisionType.ROUTE:
        command.add_argument("desk", metavar="DESK")
    if name == DecisionType.SORT:
        command.add_argument("pairs", nargs="+", metavar="item=intent")
    if name == DecisionType.EDIT:
        command.add_argument("pairs", nargs="+", metavar="parameter=value")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; returns its exit code. Raises as `run_decision`."""
    return await run_decision(gateway_of_account(), settings, arguments)


async def run_decision(gateway: Gateway, settings: Settings, arguments: argparse.Namespace) -> int:
    """Send the typed decision and print the result; returns the exit code.

    Raises SubmissionError where nothing waits, KeysError and ApproversError where it cannot be signed.
    """
    arguments.id = await resolved(gateway, arguments.id)
    pairs = pairs_of(arguments.pairs) if "pairs" in arguments else {}
    if "desk" in arguments:
        pairs = {"desk": arguments.desk}
    expires_at = _expiry(arguments.expires) if arguments.expires is not None else None
    code = 0
    sign_as = Signing(settings, arguments.approver)
    chosen = await _all_waiting(gateway, arguments)
    for waiting in chosen:
        decision = decision_for(
            DecisionType(arguments.command),
            arguments.approver,
            waiting.proposal,
            waiting.digest,
            arguments.reason,
            {name: _value(text) for name, text in pairs.items()},
            **{
                name: getattr(arguments, name, "") for name in ("purpose", "question", "reason_for_requester")
            },
        )
        if expires_at is not None:
            decision["expires_at"] = expires_at.isoformat()
        decision = sign_as.signed(decision, due=arguments.sign or waiting.signed)
        judged = await _sent(gateway, arguments.id, decision, answered=waiting.answered)
        if arguments.json:
            print_judged(judged.accepted, judged.reason)
        else:
            named = f"{waiting.key}: " if len(chosen) > 1 else ""
            _print(judged, waiting, arguments.id, named, is_edit=bool(pairs))
        if judged.accepted is False:
            code = 1
    return code


class _Judged(NamedTuple):
    """The desk's answer; `accepted` is None if it keeps the decision and has not evaluated it yet."""

    accepted: bool | None
    reason: str
    follows: str = ""


def _print(judged: _Judged, waiting: _Waiting, request_id: str, named: str, *, is_edit: bool) -> None:
    print(f"{named}refused: {judged.reason}" if judged.accepted is False else f"{named}{judged.reason}")
    if judged.accepted and waiting.kind is ApprovalKind.ROUTING and is_edit:
        print(f"the desk continues with the choice: dispatch status {request_id}")
    elif judged.accepted and judged.follows:
        print(f"{judged.follows} dispatch status {request_id}")


async def _sent(
    gateway: Gateway, request_id: str, decision: dict[str, JsonValue], *, answered: bool
) -> _Judged:
    """Send it as an update, or as a signal if no worker answers (or has just not answered)."""
    if answered:
        with contextlib.suppress(WorkerUnavailableError):
            outcome = await gateway.decide(request_id, decision)
            return _Judged(None if outcome.kept else outcome.accepted, outcome.reason, outcome.follows)
    await gateway.signal(request_id, "decide", decision)
    return _Judged(
        None, "no worker answers now; the decision is in the request's history and is judged when one runs"
    )


def print_judged(accepted: bool | None, reason: str) -> None:  # noqa: FBT001 (what the desk said, not a switch)
    """Print the result of a message, for scripts; null if the desk keeps it and has not evaluated it yet."""
    print(json.dumps({"accepted": accepted, "reason": reason}, ensure_ascii=False))


def pairs_of(texts: Sequence[str]) -> dict[str, str]:
    """Read name=value; raises SubmissionError for anything else, and for a name given twice."""
    pairs = dict(text.split("=", 1) for text in texts if "=" in text)
    if not pairs or len(pairs) != len(texts):
        raise SubmissionError(f"write field=value, once for each field; got {' '.join(texts) or 'nothing'}")
    return pairs


def _value(text: str) -> JsonValue:
    """Read the value of an edit: a number if it is one, else text."""
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
        raise SubmissionError(
            f"--expires {text}: this time is past; name a future time, or leave the option out"
        )
    return expires_at


async def _all_waiting(gateway: Gateway, arguments: argparse.Namespace) -> tuple[_Waiting, ...]:
    """Return the items to decide on: those named, else each action that waits, or for an edit or a response the first.

    Raises SubmissionError if nothing waits, WorkerUnavailableError if no worker answers and not both were given.
    """
    proposal, digest = arguments.proposal, arguments.digest
    try:
        detail = await gateway.detail(arguments.id)
    except WorkerUnavailableError:
        if not (proposal and digest):
            raise
        return (_Waiting(proposal, digest, None, answered=False),)
    status, gate = detail.status, detail.approval_request
    proposal = proposal or status.proposal_id
    if proposal is None or (digest is None and status.action_digest is None):
        raise SubmissionError(f"{arguments.id} awaits no decision now; see 'dispatch status {arguments.id}'")
    kind = gate.kind if gate else None
    if digest is not None or gate is None:
        chosen = digest or status.action_digest or ""
        return (_Waiting(proposal, chosen, _asks_for_signature(gate, chosen), kind=kind),)
    return tuple(
        _Waiting(proposal, item.digest, due_at(gate, item).signed, kind=kind, key=item.key)
        for item in _chosen(gate, detail, arguments)
    )


def _chosen(
    gate: ApprovalRequest, detail: RequestDetail | FollowUpDetail, arguments: argparse.Namespace
) -> tuple[ApprovalItem, ...]:
    if arguments.action is not None:
        return (_named(gate, arguments.action),)
    rejections = detail.rejections if isinstance(detail, RequestDetail) else ()
    mine = [one for one in detail.approvals if one.approver == arguments.approver]
    waiting = [
        item
        for item in still_awaited(gate, detail.approvals, rejections)
        if all(one.action_digest != item.digest for one in mine)
    ] or [item for item in gate.items if item.digest == detail.status.action_digest]
    return tuple(waiting) if arguments.command in _OF_EACH else tuple(waiting[:1])


def _named(gate: ApprovalRequest, key: str) -> ApprovalItem:
    """Return the action with that key, or the only one whose key contains it; raises SubmissionError for any other."""
    found = [item for item in gate.items if item.key == key] or [
        item for item in gate.items if key.casefold() in item.key.casefold()
    ]
    if len(found) == 1:
        return found[0]
    there = ", ".join(item.key or item.name for item in gate.items)
    raise SubmissionError(
        f"--action {key}: {'several actions fit' if found else 'no such action waits'}; there are: {there}"
    )


def _without(name: str) -> str:
    return "default: each that waits" if name in _OF_EACH else "default: the first that waits"


def _asks_for_signature(approval_request: ApprovalRequest | None, digest: str) -> bool | None:
    """Return whether a decision on this digest must be signed; None before its gate is open."""
    if approval_request is None:
        return None
    # The desk refuses a digest that does not wait, signed or not.
    item = next((s for s in approval_request.items if s.digest == digest), None)
    return item is not None and due_at(approval_request, item).signed


class Signing:
    """Signs the decisions and extensions of one person; the passphrase is asked once."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings, self._name = settings, name
        self._file, self._store = ApproversFile(settings.approvers_path), KeyStore(settings.keys_path)
        self._private: Ed25519PrivateKey | None = None

    def signed(
        self, decision: dict[str, JsonValue], *, due: bool | None, kind: type[Signable] = Decision
    ) -> dict[str, JsonValue]:
        """Sign it if required, and also if that is unknown and the approver has a key; `kind` names the message."""
        if due is False:
            return decision
        person = person_named(self._file.read(), self._name)
        now = datetime.now(UTC)
        if due is None and (person is None or not _could_sign(person, self._store, now)):
            return decision
        if person is None:
            raise ApproversError(
                f"{self._file.path}: {self._name} is not in it, and this asks for a signature; "
                "decide --as somebody who is, or add them to the file and make a key with 'dispatch keys new'"
            )
        if self._private is None:
            key = self._store.to_sign_with(person, now)
            passphrase = ask_passphrase(self._settings, f"{self._name}'s key {key.key_id}")
            self._private = self._store.load(self._name, key.key_id, passphrase)
        return sign(self._private, decision, kind)


def _could_sign(person: Approver, store: KeyStore, now: datetime) -> bool:
    return any(key_problem(key, now) is None and store.has(person.name, key.key_id) for key in person.keys)
