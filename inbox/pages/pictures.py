"""The pictures of a draft, such as a page before and after: only those that the request's own proposal names."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dispatch.storage.documents import DocumentStore
from inbox.exhibits import is_exhibited
from inbox.web import context_of, signed_in

_PNG: Final = b"\x89PNG\r\n\x1a\n"


@signed_in
async def show(request: Request) -> Response:
    """Return one picture as PNG; 404 for any document that is not one of the draft's pictures."""
    context, sha256 = context_of(request), request.path_params["sha256"]
    detail = await context.desk.request_detail(request.path_params["request_id"])
    if not any(is_exhibited(proposal, sha256) for proposal in (detail.proposal, detail.previous)):
        raise HTTPException(404)
    data = await asyncio.to_thread(DocumentStore(context.settings.documents_dir).get, sha256)
    if not data.startswith(_PNG):
        raise HTTPException(404)
    # The address names the content, so a browser may keep it as long as the person is signed in.
    return Response(data, media_type="image/png", headers={"cache-control": "private, max-age=3600"})
