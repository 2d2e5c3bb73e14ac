"""The worker of each language model: a queue of its own, with the model's own limits."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.catalogue import Catalogue
from activities.language_models.asking import ModelDesk, Models, Prompts, Thinking
from dispatch.language_models.models_file import LanguageModel
from dispatch.playbooks.desk_folders import desk_folders
from dispatch.playbooks.loader import Playbooks
from runtime.language_models.models import keys_of, model_named
from runtime.language_models.prompts import prompts_of
from runtime.language_models.retention import model_documents_of
from runtime.language_models.roles import roles_of
from runtime.settings import Settings
from workflows.parts.options import model_task_queue


@asynccontextmanager
async def model_workers(
    client: Client, settings: Settings, catalogue: Catalogue, playbooks: Playbooks, names: Sequence[str]
) -> AsyncIterator[list[Worker]]:
    """Build a worker for each of the named models and open their connections, for the length of the block.

    Raises SettingsError where a model or its key is not there or its host may not be reached, PlaybookError for a prompt.
    """
    models = [model_named(settings, name) for name in names]
    if not models:
        yield []
        return
    roles, prompts = roles_of(catalogue, playbooks), prompts_of(playbooks, desk_folders(settings.desk_roots))
    async with opened_models(models) as opened:
        yield [_worker(client, settings, model, opened, roles, prompts) for model in models]


@asynccontextmanager
async def opened_models(models: Sequence[LanguageModel]) -> AsyncIterator[Models]:
    """Open the connections, for the length of the block. Raises SettingsError where a key is not there."""
    # It imports `openai`, which a worker without models never needs.
    from dispatch.language_models.client import LanguageModels  # noqa: PLC0415

    async with LanguageModels({model.name: model for model in models}, keys_of(models)) as opened:
        yield opened


def _worker(
    client: Client,
    settings: Settings,
    model: LanguageModel,
    models: Models,
    roles: Iterable[Thinking],
    prompts: Prompts,
) -> Worker:
    """Build the worker of one model; its requests a second are for all its workers, its concurrency for this one."""
    desk = ModelDesk(model.name, models, model_documents_of(settings), prompts)
    return Worker(
        client,
        task_queue=model_task_queue(settings.task_queue, model.name),
        activities=[desk.activity_of(thinking) for thinking in roles],
        max_concurrent_activities=model.concurrency,
        max_task_queue_activities_per_second=model.requests_a_second,
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
    )
