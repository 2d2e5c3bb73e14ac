"""A request as JSON, for example from a shop's form. Nothing is guessed: an unknown or double key is an error.

```json
{
  "trigger_id": "form-4711",            the sender's own id of the request; left out: the digest of its content
  "from": "jane@mail.example",          required: one mail address
  "name": "Jane Doe",
  "subject": "Refund",
  "text": "Please refund my order.",    required
  "fields": {"order_number": "DD-10001"},
  "language": "de"                      two letters, a language of the desk; left out: the desk's own
}
```
"""

import json
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, ValidationError

from dispatch.models.canonical import digest_of
from dispatch.models.contract import Contract
from dispatch.models.errors import SubmissionError
from dispatch.models.request.request_form import ReadRequest, RequestForm
from dispatch.models.request.requester import MailAddress
from dispatch.text.normalise import one_line, says_something

_MAX_VALUE: Final = 2_000
_FieldName = Annotated[str, Field(max_length=100)]


class NotJsonError(SubmissionError):
    """The body is not JSON; only the sending program can correct that."""


class JsonRequest(Contract):
    """The shape of a JSON request; `sender` is written `from`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_by_name=False)

    trigger_id: str | None = Field(default=None, min_length=1, max_length=998, pattern=r"^\S(?:.*\S)?$")
    sender: MailAddress = Field(alias="from")
    name: str = Field(default="", max_length=200)
    subject: str = Field(default="", max_length=998)
    text: str
    language: str | None = Field(default=None, max_length=20)
    fields: dict[_FieldName, str] = Field(default_factory=dict, max_length=50)


def parse_json(file: str, raw: bytes) -> JsonRequest:
    """Read a request; `file` is for the message.

    Raises SubmissionError with line and column, or with the key that is wrong.
    """
    content = load_json(file, raw)
    try:
        request = JsonRequest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top"
        known = ", ".join(f.alias or name for name, f in JsonRequest.model_fields.items())
        what = "is unknown" if first["type"] == "extra_forbidden" else f"is wrong: {first['msg']}"
        raise SubmissionError(f"{file}: {where!r} {what}; a request has: {known}") from None
    for name, value in request.fields.items():
        if len(value) > _MAX_VALUE:
            raise SubmissionError(
                f"{file}: 'fields.{name[:60]}' is longer than {_MAX_VALUE:,} characters; put long text in 'text'"
            )
    return request


def load_json(file: str, raw: bytes) -> Any:
    """Read JSON without double keys; raises NotJsonError that says what is wrong, where, and what to do."""
    try:
        content = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
        # JSON accepts an escaped lone surrogate, but it cannot be encoded.
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJsonError(
            f"{file} is not a request: it holds half of a character (\\ud800 to \\udfff); remove it"
        ) from None
    except json.JSONDecodeError as error:
        raise NotJsonError(
            f"{file} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}; correct it there"
        ) from None
    except UnicodeDecodeError as error:
        raise NotJsonError(f"{file} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except RecursionError:
        raise NotJsonError(f"{file} is nested too deeply for a request; send one flat object") from None
    except ValueError as error:
        raise NotJsonError(f"{file} is not a request: {error}") from None
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"the key {key[:60]!r} stands twice; remove one of the two")
        seen[key] = value
    return seen


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value; remove it")


def _read(file: str, raw: bytes) -> ReadRequest:
    request = parse_json(file, raw)
    if not says_something(request.text):
        raise SubmissionError(f"{file} is empty: 'text' says nothing; put the request there")
    unnamed = () if request.trigger_id else ("the request has no trigger_id of its own",)
    return ReadRequest(
        address=request.sender,
        name=one_line(request.name),
        subject=one_line(request.subject),
        text=request.text,
        trigger_id=request.trigger_id,
        content=digest_of(request.model_copy(update={"trigger_id": None})),
        fields=request.fields,
        language=request.language,
        notes=unnamed,
    )


JSON_FORM: Final = RequestForm(kind="json", media_type="application/json", read=_read)
"""The form of a JSON request."""
