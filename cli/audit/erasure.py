"""`dispatch audit erase`: one requester's data made unreadable, while the chain still verifies.

For each exported request: Temporal's copy is deleted, then the documents that came with it and with no other request, what
language models were asked for it and answered, then the key under which the store's copy is sealed. Every step may be repeated, so an erasure that was interrupted
is finished by the same command. What was erased is on record beside the chain, without any of it.
"""

import argparse
import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from cli.account import add_as, identity
from dispatch.audit.query.extract import Record
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.document import from_bytes
from dispatch.audit.store.key_chain import KeyChain, key_chain_of
from dispatch.audit.store.manifest import key_file, key_from_pem, read_line, sha256
from dispatch.audit.store_models import PublicKey
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.errors import AuditStoreError, DispatchError, SubmissionError
from dispatch.temporal_errors import is_not_found
from runtime.audit.parts import backend_from, export_key_from, extract_from, keys_from
from runtime.connection import connect
from runtime.language_models.retention import model_documents_of
from runtime.settings import Settings

ERASURES: Final = "erasures"
SIGNED_PREFIX: Final = b"dispatch-desk erasure v1\n"


@dataclass
class Report:
    """What was erased, by what names it: never a word of it."""

    by: str
    reason: str
    at: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    documents_deleted: list[str] = field(default_factory=list)
    documents_kept: list[str] = field(default_factory=list)
    model_documents_deleted: list[str] = field(default_factory=list)
    model_documents_kept: list[str] = field(default_factory=list)
    not_erased: dict[str, str] = field(default_factory=dict)


def add_erase(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `audit erase` to the command line."""
    command = parts.add_parser("erase", help="make exported requests unreadable, for good")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--requester", metavar="ADDRESS", help="every exported request of this mail address")
    which.add_argument("--request", action="append", default=[], metavar="ID")
    command.add_argument("--reason", required=True, help="kept for good: name no person in it")
    add_as(command, "by", "who erases")
    command.add_argument(
        "--yes", action="store_true", help="do it; without this, only say what would be done"
    )
    command.add_argument("--json", action="store_true", help="the report, for scripts")


async def erase(arguments: argparse.Namespace, settings: Settings) -> int:
    """Erase, or say what would be; gives 1 where something asked for could not be erased."""
    place = backend_from(settings)
    records = list(extract_from(settings, place).records())
    chosen = with_families(_chosen(records, arguments), records)
    sealed = _sealed(place, {record["request_id"] for record in chosen})
    report = Report(arguments.by, arguments.reason, datetime.now(UTC).isoformat(timespec="seconds"))
    due = []
    exported = {record["request_id"] for record in records}
    for record in chosen:
        for part in (*record["parts"], *([record["part_of"]] if record["part_of"] else ())):
            if part not in exported:
                report.not_erased[part] = (
                    f"it belongs to {record['request_id']} and is not exported yet; erase it once it is closed and exported"
                )
        if record["request_id"] in sealed:
            due.append(record)
        else:
            report.not_erased[record["request_id"]] = (
                "it was exported in the open (DISPATCH_AUDIT_SEAL was off); removing it would break the chain"
            )
    asked = partial(_shared, due, records)
    report.documents_deleted, report.documents_kept = asked(lambda record: record["documents"])
    report.model_documents_deleted, report.model_documents_kept = asked(_model_documents)
    if not arguments.yes:
        _tell_plan(report, due)
        return 1 if report.not_erased else 0
    if due:
        client = await connect(identity=identity())
        for record in due:
            await _forget(client, record["request_id"])
        _delete_documents(settings, report)
        for record in due:
            keys_from(settings).destroy(record["request_id"])
            report.requests.append(
                {"request_id": record["request_id"], "lines": sealed[record["request_id"]]}
            )
        _keep(place, settings, report)
        extract_from(settings, place).make_anew()
    _tell(report, as_json=arguments.json)
    return 1 if report.not_erased else 0


def erased_from(place: StoreBackend, pinned: PublicKey | None) -> dict[str, str]:
    """Return when each request was erased, by the signed records beside the chain.

    `pinned` is the export key known from outside the store; without it the keys in the store are believed. Raises
    AuditStoreError for a record that none of the desk's export keys signed.
    """
    found: dict[str, str] = {}
    keys = key_chain_of(place, pinned) if pinned is not None else None
    for name in place.names_beside(ERASURES):
        try:
            told = json.loads(place.read_beside(name) or b"")
            signature = base64.b64decode(told.pop("signature"))
            key = _key_of(place, keys, told["key_id"])
            Ed25519PublicKey.from_public_bytes(key).verify(signature, SIGNED_PREFIX + canonical(told))
            found |= {request["request_id"]: told["at"] for request in told["requests"]}
        except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
            raise AuditStoreError(
                f"{place.name}/{name} is no record of an erasure that an export key of this store signed; it was changed"
            ) from None
    return found


def _key_of(place: StoreBackend, keys: KeyChain | None, key_id: str) -> bytes:
    if keys is None:
        return key_from_pem(place.read_beside(key_file(key_id)) or b"")
    return keys.raw(key_id) or b""


def _chosen(records: Sequence[Record], arguments: argparse.Namespace) -> list[Record]:
    """Return the last record of each request that is asked for."""
    latest = {record["request_id"]: record for record in records}
    if arguments.request:
        unknown = [one for one in arguments.request if one not in latest]
        if unknown:
            raise SubmissionError(
                f"{unknown[0]} is not in the audit store; a request is erased when it is closed and exported"
            )
        wanted = [latest[one] for one in arguments.request]
    else:
        address = arguments.requester.casefold()
        wanted = [one for one in latest.values() if str(one["requester"] or "").casefold() == address]
        if not wanted:
            raise SubmissionError(
                f"no exported request is of {arguments.requester}; see 'dispatch audit status'"
            )
    return wanted


def with_families(chosen: Sequence[Record], records: Sequence[Record]) -> list[Record]:
    """Return the chosen records with those of the same requests for several desks: the whole and all of its parts.

    Each of them holds the whole message, so what is erased of one alone could be read in another.
    """
    latest = {record["request_id"]: record for record in records}
    wholes = {record["part_of"] or record["request_id"] for record in chosen}
    wanted = {record["request_id"] for record in chosen} | wholes
    return [
        record for request_id, record in latest.items() if request_id in wanted or record["part_of"] in wholes
    ]


def _sealed(place: StoreBackend, wanted: set[str]) -> dict[str, list[int]]:
    """Return the lines of those requests whose every export is sealed."""
    lines: dict[str, list[int]] = {}
    in_the_open = set()
    for raw, position in place.lines():
        line = read_line(raw.rstrip(b"\n"))
        if line.request_id not in wanted:
            continue
        lines.setdefault(line.request_id, []).append(position.seq)
        data = place.get(line.digest)
        if data is None or not from_bytes(data).is_sealed:
            in_the_open.add(line.request_id)
    return {request_id: found for request_id, found in lines.items() if request_id not in in_the_open}


def _shared(
    due: Sequence[Record], records: Sequence[Record], documents: Callable[[Record], list[str]]
) -> tuple[list[str], list[str]]:
    """Return the documents of those records that no other request has, and those that another one has too."""
    erased = {record["request_id"] for record in due}
    others = {digest for one in records if one["request_id"] not in erased for digest in documents(one)}
    own = sorted({digest for one in records if one["request_id"] in erased for digest in documents(one)})
    return [digest for digest in own if digest not in others], [digest for digest in own if digest in others]


def _model_documents(record: Record) -> list[str]:
    return [
        digest
        for one in record["models"]
        for name in ("question", "answer")
        if (digest := one["use"].get(name))
    ]


async def _forget(client: Client, request_id: str) -> None:
    """Delete every run that Temporal still has of a request; raises SubmissionError where it was opened again."""
    quoted = request_id.replace("'", "''")
    runs = [found.run_id async for found in client.list_workflows(f"WorkflowId = '{quoted}'")]
    try:
        # The list lags behind; this does not.
        last = await client.get_workflow_handle(request_id).describe()
    except RPCError as error:
        if not is_not_found(error):
            raise
    else:
        if last.status is WorkflowExecutionStatus.RUNNING:
            raise SubmissionError(f"{request_id} is open again; erase it once it is closed and exported")
        runs.append(last.run_id)
    for run_id in dict.fromkeys(runs):
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=request_id, run_id=run_id),
        )
        try:
            await client.workflow_service.delete_workflow_execution(request)
        except RPCError as error:
            if not is_not_found(error):
                raise


def _delete_documents(settings: Settings, report: Report) -> None:
    """Delete what the report lists; what a model's retention has deleted before is not there any more."""
    asked = model_documents_of(settings)
    try:
        for digest in report.documents_deleted:
            path = settings.documents_dir / digest[:2] / digest
            path.unlink(missing_ok=True)
        for digest in report.model_documents_deleted:
            asked.delete(digest)
    except (OSError, DispatchError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise AuditStoreError(
            f"a document cannot be deleted: {why}; nothing was erased from the store yet"
        ) from None


def _keep(place: StoreBackend, settings: Settings, report: Report) -> None:
    """Put the report beside the chain, signed by the export key."""
    key = export_key_from(settings)
    told: dict[str, Any] = {"format": "dispatch-desk erasure 1", **vars(report), "key_id": key.key_id}
    signature = base64.b64encode(key.sign(SIGNED_PREFIX + canonical(told))).decode()
    data = canonical(told | {"signature": signature}) + b"\n"
    place.write_beside(f"{ERASURES}/{report.at[:10]}-{sha256(data)[:12]}.json", data)


def _tell_plan(report: Report, due: Sequence[Record]) -> None:
    for record in due:
        print(
            f"{record['request_id']}  would be erased: {record['ending']}, closed {record['closed_at'][:16]}"
        )
    print(f"{len(report.documents_deleted)} documents would be deleted, {len(report.documents_kept)} kept")
    if asked := len(report.model_documents_deleted):
        print(f"{asked} documents of what models were asked and answered would be deleted")
    for request_id, why in report.not_erased.items():
        print(f"{request_id}  cannot be erased: {why}")
    print("nothing was done; add --yes to do it, which cannot be undone")


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(vars(report)))
        return
    for request in report.requests:
        print(f"{request['request_id']}  erased: its key is destroyed, Temporal's copy is deleted")
    for digest in report.documents_deleted:
        print(f"document {digest}  deleted")
    for digest in report.documents_kept:
        print(f"document {digest}  kept: another request came with it")
    if asked := len(report.model_documents_deleted):
        print(f"{asked} documents of what models were asked and answered are deleted")
    for request_id, why in report.not_erased.items():
        print(f"{request_id}  not erased: {why}")
