"""Trials of single roles of a desk in this process, without a request or a server, by rules or by a model."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from activities.contracts import Systems
from activities.language_models.asking import ModelDesk, Prompts
from dispatch.language_models.prompts import prompt_file, read_prompt
from dispatch.models.work.model_use import ByModel
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import Review, ReviewBrief
from dispatch.playbooks.thinking_roles import thinking_roles
from dispatch.storage.model_documents import ModelDocuments
from runtime.desks import LoadedDesks
from runtime.language_models.models import model_named
from runtime.language_models.roles import roles_of
from runtime.language_models.workers import opened_models
from runtime.settings import Settings


class RoleTrials:
    """The roles of one desk; `folder` is the desk's."""

    def __init__(self, desk: str, loaded: LoadedDesks, folder: Path) -> None:
        self.playbook: Playbook = loaded.playbooks.by_desk[desk].playbook
        self._desk, self._catalogue, self._folder = desk, loaded.catalogue, folder
        self._prompts = self._read_prompts()
        self._thinkers = {one.activity_type: one for one in roles_of(*loaded)}

    async def review(self, name: str, brief: ReviewBrief) -> Review:
        """Run a reviewer of the playbook by its rules."""
        role = self.playbook.review.reviewers[name]
        known = self._catalogue.reviewer_classes if role.role is None else self._catalogue.generic_reviewers
        reviewer: Any = cast("Any", known)[role.role or name](Systems())
        return cast("Review", await reviewer.review(brief))

    def reviewer_activity(self, name: str) -> str:
        """Return the activity type of a reviewer."""
        role = self.playbook.review.reviewers[name].role
        return f"reviewer.{name}" if role is None else f"role.{role}"

    def can_think(self, activity_type: str, role: str) -> bool:
        """Return whether a model may do the role of this activity: it can, and the desk has a prompt for it."""
        return activity_type in self._thinkers and (self._desk, role) in self._prompts

    async def think(self, activity_type: str, model: ModelDesk, brief: Any) -> ByModel[Any]:
        """Run a role by a model; without a result the rules would replace it."""
        return await model.think(self._thinkers[activity_type], brief)

    @asynccontextmanager
    async def models(
        self, settings: Settings, names: Sequence[str], documents: Path
    ) -> AsyncIterator[Mapping[str, ModelDesk]]:
        """Open models by name; their questions are stored under `documents`. Raises SettingsError, PlaybookError."""
        if not names:
            yield {}
            return
        store = ModelDocuments(documents, settings.model_documents_days)
        async with opened_models([model_named(settings, name) for name in names]) as opened:
            yield {name: ModelDesk(name, opened, store, self._prompts) for name in names}

    def _read_prompts(self) -> Prompts:
        """Return the prompts of all roles that have one, whatever their backend in the playbook is."""
        roles = thinking_roles(self.playbook)
        files = {role.name: prompt_file(self._folder, role.name, role.generic) for role in roles}
        return {(self._desk, name): read_prompt(file) for name, file in files.items() if file.is_file()}
