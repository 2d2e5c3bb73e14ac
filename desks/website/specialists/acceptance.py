"""Checks that a changed page meets what the request and the playbook say of it."""

from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.website.page_checks import SOURCE, Versions, examined
from desks.website.rules import tasks
from desks.website.rules.checks.problem import Compared
from desks.website.systems.site_pages import SitePages
from dispatch.guard.contract import NoPolicy
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.storage.document_reader import Documents

_NAME: Final = "acceptance"


class Acceptance:
    """Runs the checks before publishing; the verifier runs them again on what the site serves. Facts: CheckFacts."""

    uses: ClassVar[tuple[type[System], ...]] = (
        SitePages,
    )  # it reads the store, which is more than to compute
    needs: ClassVar[tuple[str, ...]] = (SOURCE,)
    Config: ClassVar[type[Contract]] = NoPolicy

    def __init__(self, systems: Systems) -> None:
        self._documents, self._texts = systems.get(Documents), systems.get(TextProcesses)

    async def examine(self, brief: Brief) -> Finding:
        async def check(one: Versions) -> Compared:
            return await self._texts.read(one.size, tasks.check_acceptance, one.after, one.page.checks)

        return await examined(_NAME, brief, self._documents, check)
