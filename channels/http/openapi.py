"""The OpenAPI document of the door; its schemas come from the models that the routes read and write."""

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from channels.http.access import SIGNED
from channels.http.json_request import JsonRequest
from channels.http.models import Accepted, Problem, RequestView
from channels.http.problems import (
    MEDIA_TYPE,
    AwayError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ProblemError,
    TooLargeError,
    TooManyError,
    TooSlowError,
    UnauthorisedError,
    UnprocessableError,
)
from channels.http.problems import MediaTypeError as MediaTypeProblemError
from dispatch.storage.api_keys import Scope

_VERSION: Final = "1.0.0"
_ANY_CALL: Final[tuple[type[ProblemError], ...]] = (
    UnauthorisedError,
    ForbiddenError,
    TooManyError,
    AwayError,
)
_TAKE_IN: Final[tuple[type[ProblemError], ...]] = (
    BadRequestError,
    TooSlowError,
    TooLargeError,
    MediaTypeProblemError,
    UnprocessableError,
)
_WAITS: Final = {TooManyError, AwayError}
_DESK: Final = r"^[a-z][a-z_]{0,39}$"


def document(most_bytes: int) -> dict[str, Any]:
    """Build the document; `most_bytes` is the limit of a body."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in (JsonRequest, Accepted, RequestView, Problem)],
        by_alias=True,
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dispatch Desk",
            "version": _VERSION,
            "description": "Takes in requests and says where they stand.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/requests": {"post": _take_in(most_bytes)},
            "/requests/{request_id}": {"get": _view()},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "a key of 'dispatch api-key add'; scopes: " + ", ".join(Scope),
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": SIGNED[-1],
                    "description": f"Standard Webhooks: {', '.join(SIGNED)}; the secret is of 'dispatch api-key add --signed'",
                },
            },
        },
    }


def _take_in(most_bytes: int) -> dict[str, Any]:
    return {
        "operationId": "takeIn",
        "summary": "Start a request",
        "description": "The same request again, by its idempotency key, trigger_id or content, is the same request.",
        "security": [{"key": [Scope.WRITE.value]}, {"signature": [Scope.WRITE.value]}],
        "parameters": [
            {
                "name": "desk",
                "in": "query",
                "description": "whose work it is; without it the key's desk, else triage decides",
                "schema": {"type": "string", "pattern": _DESK},
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "chosen by the caller; a webhook's is its webhook-id",
                "schema": {"type": "string", "maxLength": 257},
            },
        ],
        "requestBody": {
            "required": True,
            "description": f"at most {most_bytes:,} bytes",
            "content": {
                "application/json": {"schema": _ref("JsonRequest")},
                "message/rfc822": {"schema": {"type": "string", "description": "a mail as it came"}},
            },
        },
        "responses": {
            "202": {
                "description": "Taken in",
                "headers": {"Location": _header("where the state of the request is read", "string")},
                "content": {"application/json": {"schema": _ref("Accepted")}},
            },
            **_problems(*_ANY_CALL, *_TAKE_IN),
        },
    }


def _view() -> dict[str, Any]:
    return {
        "operationId": "view",
        "summary": "Look where a request stands",
        "security": [{"key": [Scope.READ.value]}],
        "parameters": [
            {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {
                "description": "Where it stands",
                "content": {"application/json": {"schema": _ref("RequestView")}},
            },
            **_problems(*_ANY_CALL, NotFoundError),
        },
    }


def _problems(*kinds: type[ProblemError]) -> dict[str, Any]:
    ordered = sorted(kinds, key=lambda kind: kind.status)
    return {str(kind.status.value): _problem(kind) for kind in ordered}


def _problem(kind: type[ProblemError]) -> dict[str, Any]:
    waits = {"Retry-After": _header("seconds to wait", "integer")} if kind in _WAITS else {}
    return {
        "description": kind.title,
        "headers": waits,
        "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}
