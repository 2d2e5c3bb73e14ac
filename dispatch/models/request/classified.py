"""A classifier's scores for a request's texts; the playbook's thresholds decide."""

from pydantic import Field

from dispatch.models.contract import Contract


class Candidate(Contract):
    """A label that may fit, with the classifier's probability."""

    intent: str = Field(description="an intent of the desk, 'other' or 'none'")
    score: float = Field(ge=0, le=1)


class Classified(Contract):
    """One text as one desk's classifier reads it."""

    candidates: tuple[Candidate, ...] = Field(min_length=1, description="the best three, the best first")
    in_scope: float = Field(ge=0, le=1, description="how surely it asks for what the desk has an intent for")
    nearest: tuple[str, ...] = Field(default=(), description="the examples that are most like it")


class Understanding(Contract):
    """A request's texts, read by the classifier of each desk that has one."""

    language: str = Field(
        default="", description="ISO 639-1 of the whole; empty where too little was written"
    )
    by_desk: dict[str, tuple[Classified, ...]] = Field(
        default_factory=dict, description="in the order of the texts"
    )
    made_by: dict[str, str] = Field(
        default_factory=dict, description="by desk: the digests of its examples and of the embedder"
    )
