"""A specialist reads attachments by reference and can change none."""

from pathlib import Path

import pytest

from activities.documents import Documents
from dispatch.models.errors import DispatchError
from dispatch.storage.documents import DocumentStore


async def test_an_attachment_is_read_by_its_reference(tmp_path: Path) -> None:
    """The bytes are those that came in; a changed file is refused; nothing can be put."""
    store = DocumentStore(tmp_path)
    kept = store.put(b"a receipt", "text/plain", "receipt.txt")
    documents = Documents(store)
    assert await documents.read(kept) == b"a receipt"
    assert not hasattr(documents, "put")
    (tmp_path / kept.sha256[:2] / kept.sha256).write_bytes(b"another")
    with pytest.raises(DispatchError, match="was changed on disk"):
        await documents.read(kept)
