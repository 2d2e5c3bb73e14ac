"""Who may decide: people, the roles they hold, the keys they sign with, and how much each may approve in a day."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from dispatch.models.contract import Contract, Moment

ApproverName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,62}$")]
"""The name of a person or a role; they share one namespace, because a playbook may name either."""


class ApproverKey(Contract):
    """A pinned Ed25519 public key (RFC 8032)."""

    key_id: str = Field(
        pattern=r"^SHA256:[A-Za-z0-9+/]{43}$",
        description="fingerprint: 'SHA256:' and the base64 of sha256 of the raw key, without padding",
    )
    public_key: str = Field(
        pattern=r"^[A-Za-z0-9+/]{43}=$", description="the raw 32 bytes of the key, in base64"
    )
    created_at: Moment
    expires_at: Moment | None = None
    revoked_at: Moment | None = None


class DailyLimit(Contract):
    """What one person may approve in one day (UTC); None stands for no limit."""

    decisions: int | None = Field(default=None, ge=1, description="approvals in number")
    amounts_minor: dict[str, int] = Field(
        default_factory=dict, description="by ISO 4217 currency; a currency not named has no limit"
    )


class Delegation(Contract):
    """A delegation of roles to another person until a moment (exclusive)."""

    to: ApproverName
    roles: tuple[ApproverName, ...] = Field(min_length=1)
    begins_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends_at <= self.begins_at:
            raise ValueError("a delegation ends after it begins")
        return self


class Absence(Contract):
    """An absence: from `begins_at` to `ends_at` (exclusive) the deputy holds the roles too."""

    begins_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends_at <= self.begins_at:
            raise ValueError("an absence ends after it begins")
        return self


class Approver(Contract):
    """One person."""

    name: ApproverName
    full_name: str = Field(min_length=1, max_length=200)
    roles: tuple[ApproverName, ...] = ()
    addresses: tuple[str, ...] = Field(
        default=(),
        description="mail addresses of theirs: the first receives notifications, all make a request their own",
    )
    keys: tuple[ApproverKey, ...] = ()
    daily_limit: DailyLimit | None = None
    deputy: ApproverName | None = None
    absences: tuple[Absence, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    notify: Literal["each", "daily", "never"] = Field(
        default="each", description="a mail for each event, one digest a day, or none"
    )


class Approvers(Contract):
    """The whole file; without people in it, no action that requires a signature can be approved."""

    approvers: tuple[Approver, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [person.name for person in self.approvers]
        key_ids = [key.key_id for person in self.approvers for key in person.keys]
        for kind, values in (("name", names), ("key", key_ids)):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"the same {kind} is there twice: {twice[0]}")
        return self
