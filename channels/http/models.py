"""The answers of the HTTP door; docs/http.md and /openapi.json describe them."""

from typing import Literal

from pydantic import Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.request.automatic import AutomaticSign
from dispatch.models.request.status import Ending, RequestState


class Accepted(Contract):
    """A request was taken in; a repeated one has the same id and is not new."""

    id: str
    new: bool = Field(description="false where the request had been taken in before")
    automatic: AutomaticSign | None = Field(
        default=None, description="why a mail counts as sent by a machine; it is set apart and never answered"
    )
    added: bool | None = Field(
        default=None,
        description="true where a mail answers an open request and was added to it; `id` is that one's",
    )
    url: str = Field(description="where the state of the request is read")


class RequestView(Contract):
    """The status of a request, without the requester's texts, address or name."""

    id: str
    desk: str | None = Field(description="that it was sent to or routed to; null until then")
    state: RequestState
    owner: str = Field(description="who has to act next, such as a role of the desk, requester or nobody")
    review_point: Moment | None = Field(description="when the current wait is looked at again")
    ending: Ending | Literal["failed"] | None = Field(description="how it ended; null while it is open")
    received_at: Moment
    closed_at: Moment | None


class Problem(Contract):
    """Why a call failed, in the form of RFC 9457; `detail` says what is wrong, where, and what to do."""

    type: str = Field(description="stable; tells one kind of problem from another")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    kept: bool = Field(
        default=False,
        description="the desk has kept what was sent: a person looks at it, and it need not be sent again",
    )
