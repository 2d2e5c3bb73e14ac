"""The documents of questions and answers: kept for their days, by a time of their own, and not a day longer."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.models.errors import DispatchError
from dispatch.storage.model_documents import ModelDocuments
from runtime.language_models.retention import expiring_documents, model_documents_of
from runtime.settings import Settings

NOW = datetime.now(UTC)
ASKED = b'{"messages": ["Which cupboard?"]}'
DIGEST = hashlib.sha256(ASKED).hexdigest()


def aged(folder: Path, days: float) -> None:
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(folder / DIGEST[:2] / DIGEST, (moment, moment))


def test_a_document_is_kept_for_its_days_and_then_deleted(tmp_path: Path) -> None:
    """The day before it is there, the day after it is not."""
    documents = ModelDocuments(tmp_path, 30)
    documents.put(ASKED, "question.json")
    aged(tmp_path, 29)
    assert documents.expire(NOW) == 0
    assert documents.get(DIGEST) == ASKED
    aged(tmp_path, 31)
    assert documents.expire(NOW) == 1
    with pytest.raises(DispatchError, match="is not in"):
        documents.get(DIGEST)


def test_a_document_that_comes_again_begins_its_time_anew(tmp_path: Path) -> None:
    """Two requests may ask the same: the second one's document is not deleted for the first one's age."""
    documents = ModelDocuments(tmp_path, 30)
    documents.put(ASKED, "question.json")
    aged(tmp_path, 31)
    documents.put(ASKED, "question.json")
    assert documents.expire(NOW) == 0


def test_with_no_days_nothing_is_ever_written(tmp_path: Path) -> None:
    """What was kept under another setting goes at the next look."""
    ModelDocuments(tmp_path, 30).put(ASKED, "question.json")
    none = ModelDocuments(tmp_path, 0)
    none.put(b"another", "question.json")
    assert len(list(tmp_path.glob("??/*"))) == 1
    assert none.expire(datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert not list(tmp_path.glob("??/*"))


async def test_a_worker_ends_their_time_and_touches_no_other_document(tmp_path: Path) -> None:
    """Beside them lie the documents of requests, which this retention is not for."""
    settings = Settings(var_dir=tmp_path, model_documents_days=7)
    model_documents_of(settings).put(ASKED, "question.json")
    aged(settings.model_documents_dir, 8)
    came_with_a_request = settings.documents_dir / DIGEST[:2] / DIGEST
    came_with_a_request.parent.mkdir(parents=True)
    came_with_a_request.write_bytes(ASKED)
    os.utime(came_with_a_request, (0, 0))
    async with expiring_documents(settings):
        async with asyncio.timeout(10):
            while list(settings.model_documents_dir.glob("??/*")):  # noqa: ASYNC110 (a file, not an event)
                await asyncio.sleep(0.02)
    assert came_with_a_request.exists()
