"""Coordinators changed on purpose, to show what replay catches and what the remedy is; no worker ever runs them.

A file of its own, because the sandbox imports it as it does workflows/coordinator.py.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import Outcome
    from workflows.coordinator import Coordinator


@workflow.defn(name="Coordinator")
class GuardsBeforeItReviews(Coordinator):
    """Two stages in the other order: the commands are the same, but not as history has them."""

    @workflow.init
    def __init__(self, submission: Submission) -> None:
        super().__init__(submission)

    @workflow.run
    async def run(self, submission: Submission) -> Outcome:
        return await super().run(submission)

    async def _review(self) -> None:
        await super()._guard()

    async def _guard(self) -> None:
        await super()._review()


@workflow.defn(name="Coordinator")
class PausesBehindAPatch(Coordinator):
    """A stage that waits a moment first, for new requests only: `workflow.patched` keeps the old ones as they were."""

    @workflow.init
    def __init__(self, submission: Submission) -> None:
        super().__init__(submission)

    @workflow.run
    async def run(self, submission: Submission) -> Outcome:
        return await super().run(submission)

    async def _review(self) -> None:
        if workflow.patched("pause-before-review"):
            await workflow.sleep(timedelta(seconds=1))
        await super()._review()


@workflow.defn(name="Coordinator")
class PausesWithoutAPatch(Coordinator):
    """The same change, unguarded."""

    @workflow.init
    def __init__(self, submission: Submission) -> None:
        super().__init__(submission)

    @workflow.run
    async def run(self, submission: Submission) -> Outcome:
        return await super().run(submission)

    async def _review(self) -> None:
        await workflow.sleep(timedelta(seconds=1))
        await super()._review()
