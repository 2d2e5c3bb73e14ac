"""A workflow whose first turn a query can cut in two."""

from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from tests.workflows.turns.halves import PATIENCE_SECONDS, Halves


@activity.defn
async def reading(name: str) -> None:
    await Halves.of(name).run_activity()


@workflow.defn
class Listening:
    """Reads, and waits for a message with a deadline if none has come; then for a moment in any case."""

    def __init__(self) -> None:
        self._told: list[str] = []

    @workflow.run
    async def run(self, name: str) -> list[str]:
        await workflow.execute_local_activity(
            reading, name, schedule_to_close_timeout=timedelta(seconds=PATIENCE_SECONDS)
        )
        if not self._told:
            await workflow.wait_condition(lambda: bool(self._told), timeout=timedelta(hours=1))
        await workflow.sleep(0.1)
        return self._told

    @workflow.query
    def answered(self, name: str) -> int:
        return Halves.of(name).answer()

    @workflow.signal
    async def tell(self, what: str) -> None:
        self._told.append(what)

    @workflow.update
    async def ask(self, what: str) -> None:
        self._told.append(what)
