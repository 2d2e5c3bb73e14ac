"""Documents of a request, for specialists: to be read by reference, never to be put or changed."""

import asyncio

from dispatch.models.request.submission import DocumentRef
from dispatch.storage.documents import DocumentStore


class Documents:
    """Reads from the document store; whoever declares it runs as an activity of its own, outside the workflow's task."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    async def read(self, document: DocumentRef) -> bytes:
        """Return a document's bytes, checked against its digest.

        Raises DispatchError where it is not there, cannot be read, or was changed.
        """
        return await asyncio.to_thread(self._store.get, document.sha256)
