"""Documents of a request, for specialists: read by reference, and kept for those who come after."""

import asyncio

from dispatch.models.request.submission import DocumentRef
from dispatch.storage.documents import DocumentStore


class Documents:
    """Reads and keeps documents in the store; a part of the engine that every specialist can use.

    To keep a document changes nothing outside: it is named by its content, and history carries the reference alone.
    """

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    async def read(self, document: DocumentRef) -> bytes:
        """Return a document's bytes, checked against its digest.

        Raises DispatchError if it is missing, cannot be read, or was changed.
        """
        return await asyncio.to_thread(self._store.get, document.sha256)

    async def keep(self, data: bytes, media_type: str, name: str) -> DocumentRef:
        """Store what a specialist made, such as an edited text or a picture, and return its reference.

        A repetition changes nothing. Raises DispatchError if the folder cannot be written.
        """
        return await asyncio.to_thread(self._store.put, data, media_type, name)
