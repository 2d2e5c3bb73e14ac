"""The worker of each language model: a queue of its own, with the model's own limits."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.language_models.asking import CheckMaker, ModelDesk, Models
from dispatch.language_models.models_file import LanguageModel
from dispatch.storage.documents import DocumentStore
from runtime.language_models.models import keys_of
from runtime.settings import Settings
from workflows.parts.options import model_task_queue


@asynccontextmanager
async def opened_models(models: Sequence[LanguageModel]) -> AsyncIterator[Models]:
    """Open the connections, for the length of the block. Raises SettingsError where a key is not there."""
    # It loads `openai`, which a worker without models never needs.
    from dispatch.language_models.client import LanguageModels  # noqa: PLC0415

    async with LanguageModels({model.name: model for model in models}, keys_of(models)) as opened:
        yield opened


def model_worker(
    client: Client,
    settings: Settings,
    model: LanguageModel,
    models: Models,
    checks: Mapping[str, CheckMaker] | None = None,
) -> Worker:
    """Build the worker that asks one model; requests a second hold for all its workers, concurrency for this one."""
    desk = ModelDesk(model.name, models, DocumentStore(settings.documents_dir), checks)
    return Worker(
        client,
        task_queue=model_task_queue(settings.task_queue, model.name),
        activities=[desk.ask],
        max_concurrent_activities=model.concurrency,
        max_task_queue_activities_per_second=model.requests_a_second,
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
    )
