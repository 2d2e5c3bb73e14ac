"""The file of watched mailboxes: strict YAML, with one sentence for each mistake that names the entry and its key."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from channels.mail.mailbox.account import MailboxAccount
from channels.mail.mailbox.watch import PLACES
from dispatch.models.errors import PlaybookError, SettingsError
from dispatch.playbooks.strict_yaml import read_yaml

_SECRET_KEYS: Final = ("password_file", "password_env")
_KEYS: Final = (*(key for key in MailboxAccount.model_fields if key != "password"), *_SECRET_KEYS)
_MOST_SECRET: Final = 10_000


def read_mailboxes(file: Path, environment: Mapping[str, str]) -> tuple[MailboxAccount, ...]:
    """Return the mailboxes of a file with their passwords, from files or from `environment`.

    Raises SettingsError for the first mistake, naming file, entry and key, and what to write.
    """
    try:
        content = read_yaml(file)
    except PlaybookError as error:
        raise SettingsError(str(error)) from None
    if not isinstance(content, list) or not content:
        raise SettingsError(
            f"{file}: it is no list of mailboxes; write '- name: ...', with its other keys below, for each"
        )
    accounts = tuple(_account(file, number, entry, environment) for number, entry in enumerate(content, 1))
    for problem in _among(accounts):
        raise SettingsError(f"{file}: {problem}")
    return accounts


def _account(file: Path, number: int, entry: Any, environment: Mapping[str, str]) -> MailboxAccount:
    where = f"{file}: mailbox {number}"
    if not isinstance(entry, dict):
        raise SettingsError(f"{where} is no mapping; write its keys as 'host: ...', one in a line")
    if isinstance(entry.get("name"), str):
        where = f"{where} ({entry['name'][:60]!r})"
    for key in entry:
        if key not in _KEYS:
            raise SettingsError(
                f"{where}: there is no key {str(key)[:60]!r}; the keys are {', '.join(_KEYS)}"
            )
    plain = {key: value for key, value in entry.items() if key not in _SECRET_KEYS}
    if plain.get("ca_file") is not None:
        plain["ca_file"] = _beside(file, plain["ca_file"])
        if not plain["ca_file"].is_file():
            raise SettingsError(f"{where}: ca_file: there is no file {plain['ca_file']}; correct its name")
    try:
        return MailboxAccount.model_validate(plain | {"password": _password(file, where, entry, environment)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{where}: {f'{key}: ' if key else ''}{problem}") from None


def _password(file: Path, where: str, entry: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    named = [key for key in _SECRET_KEYS if entry.get(key) is not None]
    if len(named) != 1:
        raise SettingsError(
            f"{where}: it needs one of password_file and password_env; name a file that holds the password, "
            "or a variable of the environment"
        )
    (key,) = named
    value = entry[key]
    if key == "password_env":
        password = environment.get(str(value), "")
        remedy = f"set the variable {value}"
    else:
        path = _beside(file, value)
        remedy = f"write the password into {path}, and nothing else"
        try:
            with path.open(encoding="utf-8") as secret:
                password = secret.read(_MOST_SECRET).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise SettingsError(f"{where}: {key}: {path} cannot be read: {reason}; {remedy}") from None
    if not password or not password.isprintable():
        raise SettingsError(f"{where}: {key}: it holds no password of one line; {remedy}")
    return password


def _beside(file: Path, value: Any) -> Path:
    """Return a path of the file, relative to the file's folder."""
    return file.parent / str(value)


def _among(accounts: tuple[MailboxAccount, ...]) -> Iterator[str]:
    names, places = set[str](), dict[tuple[str, int, str, str], str]()
    for account in accounts:
        if account.name in names:
            yield f"two mailboxes are called {account.name!r}; give each a name of its own"
        names.add(account.name)
        if account.folder in PLACES:
            yield (
                f"{account.name!r}: folder: mails are moved to {account.folder} when they were looked at; "
                "name the folder that they come to"
            )
        place = (account.host.lower(), account.port_in_use, account.user, account.folder)
        if place in places:
            yield f"{account.name!r} is the same mailbox and folder as {places[place]!r}; remove one of the two"
        places[place] = account.name
