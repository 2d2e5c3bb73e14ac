"""The problems of the HTTP door (RFC 9457): each is an exception with its status and its kind."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final

from starlette.responses import JSONResponse

from channels.http.models import Problem

MEDIA_TYPE: Final = "application/problem+json"
_TYPES: Final = "urn:dispatch-desk:problem:"


class ProblemError(Exception):
    """A failed call; subclasses set the status and the kind."""

    status: ClassVar[HTTPStatus]
    kind: ClassVar[str]
    title: ClassVar[str]
    closes: ClassVar[bool] = False
    """Whether the connection ends with it, because the rest of the body is not read."""

    def __init__(self, detail: str, *, retry_after: int | None = None, kept: bool = False) -> None:
        super().__init__(detail)
        self.retry_after, self.kept = retry_after, kept

    @property
    def headers(self) -> Mapping[str, str]:
        waits = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        return waits | ({"Connection": "close"} if self.closes else {})

    def answer(self) -> JSONResponse:
        """Write the answer."""
        return problem_answer(self.status, self.kind, self.title, str(self), self.headers, kept=self.kept)


def problem_answer(
    status: int, kind: str, title: str, detail: str, headers: Mapping[str, str], *, kept: bool = False
) -> JSONResponse:
    """Write one problem as its answer."""
    problem = Problem(type=f"{_TYPES}{kind}", title=title, status=status, detail=detail, kept=kept)
    return JSONResponse(problem.model_dump(mode="json"), status, dict(headers), MEDIA_TYPE)


class BadRequestError(ProblemError):
    status, kind, title = HTTPStatus.BAD_REQUEST, "bad-request", "The call cannot be read"
    closes = True


class UnauthorisedError(ProblemError):
    status, kind, title = HTTPStatus.UNAUTHORIZED, "unauthorised", "A valid key or signature is missing"
    closes = True

    @property
    def headers(self) -> Mapping[str, str]:
        return {**super().headers, "WWW-Authenticate": 'Bearer realm="dispatch-desk"'}


class ForbiddenError(ProblemError):
    status, kind, title = HTTPStatus.FORBIDDEN, "forbidden", "The key does not permit this"
    closes = True

    def __init__(self, detail: str, scope: str = "") -> None:
        super().__init__(detail)
        self._scope = scope

    @property
    def headers(self) -> Mapping[str, str]:
        needed = f', scope="{self._scope}"' if self._scope else ""
        challenge = f'Bearer realm="dispatch-desk", error="insufficient_scope"{needed}'
        return {**super().headers, "WWW-Authenticate": challenge}


class NotFoundError(ProblemError):
    status, kind, title = HTTPStatus.NOT_FOUND, "not-found", "There is no such request"


class TooSlowError(ProblemError):
    status, kind, title = HTTPStatus.REQUEST_TIMEOUT, "too-slow", "The body took too long"
    closes = True


class TooLargeError(ProblemError):
    status, kind, title = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large"
    closes = True


class MediaTypeError(ProblemError):
    status, kind, title = (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "media-type",
        "The body is of no form that is read",
    )
    closes = True


class UnprocessableError(ProblemError):
    status, kind, title = HTTPStatus.UNPROCESSABLE_ENTITY, "not-taken-in", "The request was not taken in"


class KeyReusedError(ProblemError):
    status, kind = HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused"
    title = "The idempotency key was used with another body"


class TooManyError(ProblemError):
    status, kind, title = HTTPStatus.TOO_MANY_REQUESTS, "too-many", "Too many calls with this key"
    closes = True


class AwayError(ProblemError):
    status, kind, title = HTTPStatus.SERVICE_UNAVAILABLE, "away", "The desk takes nothing in at the moment"
    closes = True
