"""One record for each time work changes hands."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Moment


class Handoff(Contract):
    """Who gave what to whom, why, who decided so, and when (workflow time)."""

    seq: int = Field(ge=1)
    sender: str = Field(description="coordinator, specialist.<name>, approver.<id>, requester, ...")
    receiver: str
    what: str = Field(description="what was handed over, in a few words")
    digest: str = Field(description="sha256 of the canonical JSON of what was handed over")
    why: str
    decided_by: str = Field(description="the rule, playbook entry or person behind it")
    at: Moment


class StageInput(Contract):
    """What is handed over: it carries its own handoff; `noun` says in the trail what it is."""

    noun: ClassVar[str]

    handoff: Handoff
