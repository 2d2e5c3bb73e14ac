"""The web server's side: files of one folder, as simple servers serve them, and a colleague who edits on demand."""

import mimetypes
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.faults import FaultGate, Faults
from devstack.web import ApiError, on_api_error, on_http_error


class _Edit(BaseModel):
    """A change that somebody else makes: words of a page that become others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1, max_length=300)
    old: str = Field(min_length=1)
    new: str


class _Site:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "service": "website"})

    async def file(self, request: Request) -> Response:
        path = request.path_params["path"]
        found = await run_in_threadpool(self._found, path)
        if found is None:
            raise ApiError(404, "not_found", f"there is no {path or 'index.html'}")
        data = await run_in_threadpool(found.read_bytes)
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        # The page says its charset itself, as it does where a server is set up without one.
        return Response(data, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    async def edit(self, request: Request) -> Response:
        try:
            edit = _Edit.model_validate_json(await request.body())
        except ValidationError as error:
            raise ApiError(400, "invalid_request", str(error)) from None
        found = await run_in_threadpool(self._found, edit.path)
        if found is None:
            raise ApiError(404, "not_found", f"there is no {edit.path}")
        data = found.read_bytes()
        if edit.old.encode() not in data:
            raise ApiError(409, "not_there", f"{edit.path} does not hold these words")
        found.write_bytes(data.replace(edit.old.encode(), edit.new.encode(), 1))
        return JSONResponse({"edited": edit.path}, 201)

    def _found(self, path: str) -> Path | None:
        root = self._folder.resolve()
        for tried in (path, f"{path.rstrip('/')}/index.html", f"{path}.html") if path else ("index.html",):
            file = (root / tried.lstrip("/")).resolve()
            if file.is_relative_to(root) and file.is_file():
                return file
        return None


def create_app(folder: Path, *, faults: Faults | None = None) -> Starlette:
    """Build the server; with `faults` it fails on demand, and `POST /edits` changes a page as a colleague would."""
    site = _Site(folder)
    routes = [Route("/health", site.health)]
    middleware = []
    if faults is not None:
        routes += [*faults.routes(), Route("/edits", site.edit, methods=["POST"])]
        middleware.append(Middleware(FaultGate, faults=faults))
    routes.append(Route("/{path:path}", site.file))
    handlers = {ApiError: on_api_error, HTTPException: on_http_error}
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)
