"""How many people must approve an action, and whether each of them signs."""

from typing import Any, Final, Self

from pydantic import Field, model_validator

from dispatch.models.contract import Contract

MOST_SIGNATURES: Final = 5
"""The most people that a gate may require."""

_WORDS_BEFORE_0_4: Final = {
    "none": "{signatures: 0}",
    "named": "{signatures: 1}",
    "signed": "{signatures: 1, signed: true}",
    "two_signed": "{signatures: 2, signed: true}",
}


class ApprovalPolicy(Contract):
    """The approval that a tier requires: `signatures` different people, each of whom signs or is only named."""

    signatures: int = Field(
        ge=0, le=MOST_SIGNATURES, strict=True, description="how many different people must approve; 0: nobody"
    )
    signed: bool = Field(
        default=False, strict=True, description="whether each signs with a key of the approvers file"
    )

    @model_validator(mode="before")
    @classmethod
    def _replaces_words(cls, value: Any) -> Any:
        if isinstance(value, str):
            instead = _WORDS_BEFORE_0_4.get(value, "{signatures: 1} or {signatures: 2, signed: true}")
            raise ValueError(f"{value!r} is no approval; write {instead}")  # noqa: TRY004 (a TypeError would pass pydantic by)
        return value

    @model_validator(mode="after")
    def _nobody_signs_nothing(self) -> Self:
        if self.signed and self.signatures == 0:
            raise ValueError("signed needs at least one signature; write {signatures: 0} for no approval")
        return self

    @property
    def needs_listed_people(self) -> bool:
        """Whether each approver must be a person of the approvers file: two plain names may be one person."""
        return self.signed or self.signatures > 1

    @property
    def in_words(self) -> str:
        """Return the requirement as a text for mails, reasons and pages."""
        if self.signatures == 0:
            return "nobody's approval"
        if self.signatures == 1:
            return "one signed decision" if self.signed else "one person's decision"
        return f"{'signed ' if self.signed else ''}decisions of {self.signatures} different people"

    @property
    def in_yaml(self) -> str:
        """Return the value as a playbook has it."""
        return f"{{signatures: {self.signatures}{', signed: true' if self.signed else ''}}}"

    def covers(self, other: "ApprovalPolicy") -> bool:
        """Check that this requires at least as much as `other`: as many people, and signatures if the other does."""
        return self.signatures >= other.signatures and self.signed >= other.signed

    def combined_with(self, other: "ApprovalPolicy") -> "ApprovalPolicy":
        """Return the least approval that covers both."""
        return ApprovalPolicy(
            signatures=max(self.signatures, other.signatures), signed=self.signed or other.signed
        )

    def progress(self, given: int) -> str:
        """Return how many approvals are there, such as '1 of 2 signatures'."""
        return f"{given} of {self.signatures} {'signatures' if self.signed else 'approvals'}"


NO_APPROVAL: Final = ApprovalPolicy(signatures=0)
ONE_DECISION: Final = ApprovalPolicy(signatures=1)
