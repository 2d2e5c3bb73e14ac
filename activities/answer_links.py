"""Makes the link to the page on which a requester can answer questions."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from activities.failures import translated
from dispatch.models.people.notification import AnswerLink, LinkBrief

MakeLink = Callable[[str, datetime], str]
"""Request id and expiry -> a signed link that can only answer that request; empty if the desk has no pages."""


class Links:
    """Signs with the key of `make`; uses no system."""

    def __init__(self, make: MakeLink) -> None:
        self._make = make

    @activity.defn(name="answer_link")
    async def answer_link(self, brief: LinkBrief) -> AnswerLink:
        """Return the link, which expires with the question."""
        with translated():
            return AnswerLink(handoff=brief.handoff, url=self._make(brief.request_id, brief.expires_at))
