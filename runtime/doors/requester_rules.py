"""The playbooks' lists of who writes for others, and the addresses that desks write from.

Read where mails come in, before any desk is known.
"""

from functools import lru_cache, reduce
from pathlib import Path

from pydantic import ValidationError

from dispatch.models.errors import PlaybookError
from dispatch.models.request.requester import RequesterRules
from dispatch.playbooks.desk_folders import desk_folders, files_in_force
from dispatch.playbooks.loader import RECEPTION
from dispatch.playbooks.strict_yaml import read_yaml
from runtime.settings import SHIPPED_DESKS, Settings


def requester_rules(settings: Settings, desk: str | None) -> RequesterRules:
    """Return a desk's rules, or those of all desks together if none is named; raises PlaybookError.

    The worker checks the rest of a playbook.
    """
    wanted = (file for name, file in _playbooks(settings) if desk in {None, name})
    return reduce(
        RequesterRules.joined, (_rules_in(file, _changed(file)) for file in wanted), RequesterRules()
    )


def senders_of_desks(settings: Settings) -> tuple[str, ...]:
    """Return the addresses that desks write from besides that of the settings; raises PlaybookError."""
    found = (sender for _, file in _playbooks(settings) for sender in _senders_in(file, _changed(file)))
    return tuple(dict.fromkeys(found))


def _playbooks(settings: Settings) -> list[tuple[str, Path]]:
    files = files_in_force(desk_folders(settings.desk_roots), SHIPPED_DESKS, settings.playbooks_dir)
    return [(name, file) for name, file in sorted(files.items()) if name != RECEPTION]


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _senders_in(file: Path, changed: int) -> tuple[str, ...]:
    configs = (_mapping(_mapping(_content(file, changed), part), "config") for part in ("deliver", "contact"))
    return tuple(sender for config in configs if isinstance(sender := config.get("sender"), str))


def _mapping(content: object, name: str) -> dict[object, object]:
    part = content.get(name) if isinstance(content, dict) else None
    return part if isinstance(part, dict) else {}


@lru_cache(maxsize=64)
def _content(file: Path, _changed: int) -> object:
    return read_yaml(file)


@lru_cache(maxsize=64)
def _rules_in(file: Path, changed: int) -> RequesterRules:
    content = _content(file, changed)
    listed = content.get("requesters") if isinstance(content, dict) else None
    try:
        return RequesterRules.model_validate(listed or {})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(("requesters", *(str(part) for part in first["loc"])))
        raise PlaybookError(
            str(file), where, first["msg"], "List addresses, or domains such as '@company.example'."
        ) from None
