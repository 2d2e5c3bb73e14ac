"""Who may move a deadline, and how far."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field, JsonValue, ValidationError

from dispatch.models.contract import Contract

FURTHEST = timedelta(days=90)


class Extension(Contract):
    """Shape of the `extend` signal."""

    approver: str = Field(min_length=1, max_length=100)
    deadline: AwareDatetime
    reason: str = Field(default="", max_length=4000)


def read_extension(raw: JsonValue, now: datetime, allowed: tuple[str, ...]) -> tuple[datetime | None, str]:
    """Return the new deadline, or None and why it is refused.

    A deadline may move to any time after now, at most 90 days ahead, by one of `allowed`.
    """
    try:
        extension = Extension.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the message"
        return None, f"{where}: {first['msg']}; send approver and deadline (ISO 8601 with a time zone)"
    if extension.approver not in allowed:
        return None, f"{extension.approver} may not move this deadline"
    if not now < extension.deadline <= now + FURTHEST:
        return None, f"the deadline must lie after now and within {FURTHEST.days} days"
    return extension.deadline, ""
