"""A whole desk for tests: the real Temporal server, back office, mail sink and workers, and words to drive them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from pydantic import JsonValue
from temporalio.client import Client, WorkflowHandle

import starter
from activities.catalogue import Catalogue
from channels.mail.notices import MailNotices
from devstack.script import UNANSWERED
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.status import Status
from dispatch.models.request.submission import Party, Submission, Trigger
from dispatch.models.trail import EntryKind, Outcome, TrailEntry
from dispatch.playbooks.desk_folders import desk_folders, load_desks
from dispatch.playbooks.loader import Playbooks
from dispatch.storage.documents import DocumentStore
from runtime import gateway
from runtime.doors.starting import read_request_file
from runtime.language_models.models import model_names
from runtime.language_models.workers import model_workers
from runtime.settings import SHIPPED_DESKS, Settings
from runtime.worker_parts.shutdown import running_workers
from runtime.workers import action_worker, desk_worker, quota_worker
from tests.desk_workers import never_too_slow, tried_again_soon
from tests.servers import (
    BackOfficeService,
    MailSinkService,
    running_back_office,
    running_mail_sink,
    settings_from,
    systems_of,
)
from worker import load_checked
from workflows.coordinator import Coordinator

PATIENCE_SECONDS = 60
STOPPED_WITHIN = timedelta(seconds=40)
"""For a worker on a busy machine, whose grace is 5 s; after that the test fails, and its worker is left behind."""
SHIPPED = load_desks(desk_folders([SHIPPED_DESKS]), SHIPPED_DESKS)
SHIPPED_RECEPTION = SHIPPED_DESKS / "reception.yaml"
SHIPPED_SUPPORT = Path(__file__).parents[1] / "desks" / "support" / "playbook.yaml"

Change = Callable[[dict[str, Any]], None]
_seen: dict[tuple[bytes, ...], tuple[Catalogue, Playbooks]] = {}


class Looks:
    """The pauses between looks at a request: short at first, then longer, for each look may cost a replay."""

    def __init__(self) -> None:
        self._seconds = 0.03

    async def pause(self) -> None:
        await asyncio.sleep(self._seconds)
        self._seconds = min(self._seconds * 1.5, 0.25)


@dataclass
class Desk:
    """A running desk; every request is submitted as the starter does."""

    client: Client
    settings: Settings
    back_office: BackOfficeService
    mail_sink: MailSinkService
    catalogue: Catalogue
    playbooks: Playbooks

    async def submit(self, text: str, *, sender: str, name: str = "", **more: Any) -> "Case":
        """Submit a mail's text from `sender`."""
        submission = self.written(text, sender=sender, name=name, **more)
        submitted = await starter.submit(self.client, self.settings, submission)
        return self.case(submitted.request_id)

    def written(self, text: str, *, sender: str, name: str = "", **more: Any) -> Submission:
        """Write a mail's text from `sender` as the submission that it becomes."""
        store = DocumentStore(self.settings.documents_dir)
        return Submission(
            trigger=Trigger(
                kind="mail",
                trigger_id=more.pop("trigger_id", f"<{uuid.uuid4()}@test>"),
                received_at=datetime.now(UTC),
            ),
            sender=Party(address=sender, name=name, doubt=more.pop("doubt", None)),
            body=text,
            source=store.put(text.encode(), "message/rfc822", "test.eml"),
            **{"subject": "A question", "desk": "support"} | more,
        )

    async def submit_file(self, path: Path, desk: str | None = None) -> "Case":
        """Submit a file as a request of its own, though the same file was submitted before by another test."""
        read = read_request_file(self.settings, path, desk)
        trigger = read.trigger.model_copy(update={"trigger_id": f"<{uuid.uuid4()}@test>"})
        submitted = await starter.submit(
            self.client, self.settings, read.model_copy(update={"trigger": trigger})
        )
        return self.case(submitted.request_id)

    def case(self, request_id: str) -> "Case":
        return Case(self, self.client.get_workflow_handle(request_id, result_type=Outcome))


@dataclass
class Case:
    """One request under test."""

    desk: Desk
    handle: WorkflowHandle[Any, Outcome]

    @property
    def id(self) -> str:
        return self.handle.id

    async def status(self) -> Status:
        return await starter.status_of(self.desk.client, self.id)

    async def until(self, state: str, *, proposal: str | None = None) -> Status:
        """Wait until the request stands in `state` (at `proposal`); it must be one that lasts.

        A state that passes by itself may be over before anybody looks. A query that arrives during a turn cuts it in two and
        is answered after the first half; what the request writes where it waits is in its history after the second.
        """
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                status = await self.status()
                there = status.state == state and proposal in {None, status.proposal_id}
                if there and not await self._is_amid_a_turn():
                    return status
                await looks.pause()

    async def _is_amid_a_turn(self) -> bool:
        return (await self.handle.describe()).raw_description.HasField("pending_workflow_task")

    async def decide(
        self,
        decision_type: str,
        by: str = "refunds",
        reason: str = "as it should be",
        edits: Mapping[str, JsonValue] | None = None,
        **changed: JsonValue,
    ) -> tuple[bool, str]:
        """Decide on what waits now; `changed` spoils or replaces fields of the decision."""
        decision = await self.decision(decision_type, by, reason, edits, **changed)
        return await starter.decide(self.desk.client, self.id, decision)

    async def decision(
        self,
        decision_type: str,
        by: str = "refunds",
        reason: str = "as it should be",
        edits: Mapping[str, JsonValue] | None = None,
        **changed: JsonValue,
    ) -> dict[str, JsonValue]:
        """Write a decision on what waits now and send nothing."""
        status = await self.status()
        proposal, digest = status.proposal_id or "", status.action_digest or ""
        return (
            starter.decision_for(DecisionType(decision_type), by, proposal, digest, reason, edits) | changed
        )

    async def signal(self, name: str, *payload: Any) -> None:
        await self.handle.signal(name, args=list(payload))

    async def answer(self, **fields: str) -> None:
        await self.signal("answer", {"fields": fields})

    async def outcome(self) -> Outcome:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.handle.result()

    async def trail(self) -> list[TrailEntry]:
        return await self.handle.query(Coordinator.trail)

    async def refusals(self) -> list[str]:
        """Return the reasons of all refused messages so far."""
        return [entry.why for entry in await self.trail() if entry.kind is EntryKind.REFUSED]

    async def refused(self, number: int = 1) -> list[str]:
        """Wait until so many messages are refused; gives the reasons."""
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                reasons = await self.refusals()
                if len(reasons) >= number:
                    return reasons
                await looks.pause()


def quick(playbook: dict[str, Any]) -> None:
    """Stop retrying a failing action after seconds, where the shipped playbook takes minutes."""
    for action in (*playbook["guardian"]["actions"].values(), playbook["contact"]["policy"]):
        action["give_up_after"] = "3 seconds"


def unanswered(playbook: dict[str, Any]) -> None:
    """Shorten the wait for an answer to seconds, as the demo does where its script plays: one sample is never answered."""
    playbook["missing_information"] |= {"reminders": [], "deadline": UNANSWERED}


@asynccontextmanager
async def running_desk(
    client: Client, tmp_path: Path, *changes: Change, workflow_cache: int = 500, **settings: Any
) -> AsyncIterator[Desk]:
    """Run a desk on a task queue of its own; `changes` are made to the shipped support playbook."""
    client = client if workflow_cache else tried_again_soon(client)
    async with (
        resting_desk(client, tmp_path, *changes, **settings) as desk,
        at_work(desk, workflow_cache=workflow_cache),
    ):
        yield desk


@asynccontextmanager
async def resting_desk(
    client: Client,
    tmp_path: Path,
    *changes: Change,
    reception: tuple[Change, ...] = (),
    **settings_by_name: object,
) -> AsyncIterator[Desk]:
    """Run all of a desk but its workers; see `at_work`. `settings_by_name` are other than a test's usual ones."""
    async with running_back_office(tmp_path) as back_office, running_mail_sink(tmp_path) as mail_sink:
        settings = settings_from(
            back_office.environment
            | mail_sink.environment
            | {
                "DISPATCH_TASK_QUEUE": f"test-{uuid.uuid4().hex[:12]}",
                "DISPATCH_PLAYBOOKS_DIR": str(changed_playbooks(tmp_path, *changes, reception=reception)),
                "DISPATCH_GRACEFUL_SHUTDOWN_SECONDS": "5",
                "DISPATCH_CLIENT_TIMEOUT_SECONDS": "2",
                # Tests write as the same few customers, over and over.
                "DISPATCH_AUTOMATIC_MAILS_AN_HOUR": "1000",
            }
            | {f"DISPATCH_{name.upper()}": str(value) for name, value in settings_by_name.items()}
        )
        catalogue, playbooks = _checked(settings)
        yield Desk(client, settings, back_office, mail_sink, catalogue, playbooks)


@asynccontextmanager
async def at_work(desk: Desk, *, workflow_cache: int = 500) -> AsyncIterator[None]:
    """Run the workers of a desk, with the open sets of `desk.catalogue`."""
    async with AsyncExitStack() as stack:
        # A worker is there and will answer; on a busy machine, and without a cache, later than a person would wait.
        wait = timedelta(seconds=PATIENCE_SECONDS)
        stack.enter_context(patch.object(gateway, "WORKER_TIMEOUT", wait))
        reading = await stack.enter_async_context(
            systems_of(desk.settings, desk.catalogue.systems(acting=False))
        )
        acting = await stack.enter_async_context(
            systems_of(desk.settings, desk.catalogue.systems(acting=True))
        )
        worker = desk_worker(
            desk.client,
            desk.settings,
            desk.catalogue,
            desk.playbooks,
            reading,
            max_cached_workflows=workflow_cache,
        )
        never_too_slow(worker)
        quotas = quota_worker(desk.client, desk.settings)
        never_too_slow(quotas)
        actions = action_worker(desk.client, desk.settings, desk.catalogue, acting, MailNotices(acting))
        models = await stack.enter_async_context(
            model_workers(
                desk.client, desk.settings, desk.catalogue, desk.playbooks, model_names(desk.settings, "all")
            )
        )
        async with running_workers(quotas, worker, actions, *models, give_up_after=STOPPED_WITHIN):
            yield


def changed_playbooks(tmp_path: Path, *changes: Change, reception: tuple[Change, ...] = ()) -> Path:
    """Copy the shipped playbooks, let role names decide, for most tests have no people, and change the support desk's."""
    folder = tmp_path / "playbooks"
    folder.mkdir(parents=True, exist_ok=True)
    for shipped, own in ((SHIPPED_SUPPORT, changes), (SHIPPED_RECEPTION, reception)):
        document = yaml.load(shipped.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for change in (role_names_decide, *own):
            change(document)
        text = yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
        name = "reception" if shipped is SHIPPED_RECEPTION else "support"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def role_names_decide(document: dict[str, Any], allowed: bool = True) -> None:  # noqa: FBT001, FBT002 (as the playbook has it)
    """Allow a role's own name for every decision without a signature, or for none."""
    tiers = document.get("guardian", {}).get("tiers", {}).values()
    waits = [tier["waiting"] for tier in tiers if "waiting" in tier]
    waits += [document[name] for name in ("escalation", "routing") if "approvers" in document.get(name, {})]
    for waiting in waits:
        waiting["role_names"] = allowed


def _checked(settings: Settings) -> tuple[Catalogue, Playbooks]:
    """Load as a worker does; playbooks of the same words are checked once in a run."""
    assert settings.playbooks_dir is not None
    replaced = (file.read_bytes() for file in sorted(settings.playbooks_dir.glob("*.yaml")))
    words = (settings.desks_dir.encode(), *replaced)
    if words not in _seen:
        _seen[words] = load_checked(settings)
    return _seen[words]
