"""Documents of a request, for specialists: read-only, by reference."""

import asyncio

from dispatch.models.request.submission import DocumentRef
from dispatch.storage.documents import DocumentStore


class Documents:
    """Reads from the document store; a part of the engine that every specialist can use."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    async def read(self, document: DocumentRef) -> bytes:
        """Return a document's bytes, checked against its digest.

        Raises DispatchError if it is missing, cannot be read, or was changed.
        """
        return await asyncio.to_thread(self._store.get, document.sha256)
