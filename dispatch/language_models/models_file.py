"""The file of language models, `models.yaml`: strict, and told in one sentence for each thing that is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from dispatch.hosts.private import is_loopback
from dispatch.models.contract import Contract, Duration
from dispatch.models.errors import PlaybookError, SettingsError
from dispatch.models.work.model_use import ModelPrice
from dispatch.playbooks.strict_yaml import read_yaml

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]

_DAY: Final = 86_400.0
_REMEDIES: Final = {
    "url": "write where the server is, up to and without /chat/completions, such as http://127.0.0.1:8080/v1",
    "id": "write the model's id as the server's /models lists it",
    "key_variable": "write the name of an environment variable, such as DISPATCH_SMALL_KEY, never the key",
    "context_tokens": "write a whole number, such as 8192",
    "answer_tokens": "write a whole number smaller than context_tokens, such as 1024",
    "timeouts": "write connect, first_token and total, each with a unit, such as '30 seconds'",
    "price": "write currency, per_million_in and per_million_out, such as {currency: EUR, per_million_in: 0.15, per_million_out: 0.6}",
    "concurrency": "write how many questions it may have at a time, such as 2",
    "requests_a_second": "write a number, such as 5",
    "mask": "write true or false",
    "allow": "write a list of hosts, such as [models.example.com]",
}
_KNOWN: Final = f"an entry has {', '.join(_REMEDIES)}"


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is no address that begins with http:// or https:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it holds a user, a password, a query or a fragment")
    _ = parts.port  # raises ValueError where it is no port
    return url.rstrip("/")


def _short(value: object) -> object:
    if value.total_seconds() <= 0 or value.total_seconds() > _DAY:  # type: ignore[attr-defined]  # a timedelta, by Duration
        raise ValueError("it is not between a second and a day")
    return value


_Time = Annotated[Duration, AfterValidator(_short)]


class Timeouts(Contract):
    """How long a connection, the first word of an answer, and the whole of a question with its repairs may take."""

    connect: _Time = Field(default="5 seconds", validate_default=True)
    first_token: _Time = Field(default="1 minute", validate_default=True)
    total: _Time = Field(default="2 minutes", validate_default=True)


class LanguageModel(Contract):
    """One model behind an OpenAI-compatible server."""

    name: ModelName
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_base_url)]
    id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    key_variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")] | None = None
    context_tokens: int = Field(default=8192, strict=True, ge=256, le=10_000_000)
    answer_tokens: int = Field(default=1024, strict=True, ge=16, le=1_000_000)
    timeouts: Timeouts = Timeouts()
    price: ModelPrice | None = None
    concurrency: int = Field(default=2, strict=True, ge=1, le=1000)
    requests_a_second: float | None = Field(default=None, gt=0, le=10_000)
    mask: bool | None = Field(default=None, strict=True)
    allow: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:\-]{1,253}$")], ...] = ()

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def masks(self) -> bool:
        """Whether personal data is masked before it is sent: where nothing is said, for every host but this machine."""
        return self.mask if self.mask is not None else not is_loopback(self.host)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.answer_tokens >= self.context_tokens:
            raise ValueError("answer_tokens is not smaller than context_tokens")
        if self.timeouts.first_token > self.timeouts.total:
            raise ValueError("timeouts.first_token is longer than timeouts.total")
        listed = {name.lower() for name in self.allow}
        if self.host.lower() in listed and not self.url.startswith("https://"):
            raise ValueError(
                "a host of allow is reached over https:// alone; http:// is for private networks"
            )
        return self


_MODEL: Final = TypeAdapter(LanguageModel)


def read_models(path: Path | None) -> dict[str, LanguageModel]:
    """Return the models of the file by name; none where no file is named.

    Raises SettingsError with a line for each thing that is wrong.
    """
    if path is None:
        return {}
    try:
        found = read_yaml(path)
    except PlaybookError as error:
        raise SettingsError(f"DISPATCH_MODELS_FILE: {error}") from None
    problems = list[str]()
    models = dict[str, LanguageModel]()
    entries = found.get("models") if isinstance(found, dict) else None
    if not isinstance(entries, dict) or set(found) != {"models"}:
        raise SettingsError(
            f"{path}: the file is one key, models, with an entry for each model under its name"
        )
    for name, entry in entries.items():
        fields = entry if isinstance(entry, dict) else {}
        try:
            models[str(name)] = _MODEL.validate_python({**fields, "name": name})
        except ValidationError as error:
            problems += [_sentence(path, str(name), told) for told in error.errors(include_url=False)]
        if "name" in fields:
            problems.append(
                f"{path}: at models.{name}.name: the name stands before the colon; remove this line"
            )
    if problems:
        raise SettingsError("\n".join(problems))
    return models


def key_of(model: LanguageModel, environment: Mapping[str, str]) -> SecretStr:
    """Return what opens the server; empty where it needs nothing. Raises SettingsError where the variable is not set."""
    if model.key_variable is None:
        return SecretStr("")
    key = environment.get(model.key_variable, "").strip()
    if not key:
        raise SettingsError(
            f"the key of the model {model.name} is not there: set {model.key_variable}, or remove key_variable from its entry"
        )
    return SecretStr(key)


def _sentence(path: Path, name: str, told: Any) -> str:
    at = [str(part) for part in told["loc"]]
    problem = str(told["msg"]).removeprefix("Value error, ")
    if at == ["name"]:
        return f"{path}: at models.{name}: it cannot be a model's name; use small letters, digits, _ and -, 40 at most"
    remedy = _REMEDIES.get(at[0] if at else "", _KNOWN)
    return f"{path}: at {'.'.join(['models', name, *at])}: {problem[:1].lower()}{problem[1:]}; {remedy}"
