"""Checks whether the histories of an audit store replay on the current code."""

import logging
from collections.abc import Sequence

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from dispatch.audit.store.document import Document
from dispatch.audit.store.verify import Check, Found
from dispatch.audit.store_models import ManifestLine
from runtime.build_id import build_id
from runtime.worker_parts.sandbox import SANDBOX
from workflows.coordinator import Coordinator
from workflows.follow_up import FollowUp


def replays() -> Check:
    """Build the check that replays each history on the current code.

    A history that this code wrote must replay. A history of other code may; a failure is reported, but it proves
    nothing, because the code of its build is not available.
    """
    # The report names each failed replay; the SDK's own log would hide it.
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    replayer = Replayer(
        workflows=[Coordinator, FollowUp], workflow_runner=SANDBOX, data_converter=pydantic_data_converter
    )

    async def replay(line: ManifestLine, document: Document) -> Sequence[Found]:
        found = []
        for run in document.runs:
            history = WorkflowHistory.from_json(document.request_id, {"events": list(run.events)})
            result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            failure = result.replay_failure
            about = f"{line.request_id}, run {run.run_id}"
            if failure is None:
                found.append(Found("checked", line.seq, about, "runs replayed"))
            elif line.worker_builds == (build_id(),):
                why = f"it does not replay on the code that wrote it: {str(failure)[:200]}"
                found.append(Found("broken", line.seq, about, why))
            else:
                builds = ", ".join(line.worker_builds) or "an unknown build"
                text = f"not replayed: {builds} wrote it, and the code at hand is {build_id()}"
                found.append(Found("note", line.seq, about, text))
        return found

    return replay
