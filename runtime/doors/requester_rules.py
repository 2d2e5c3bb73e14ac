"""Who writes for somebody else, as the desks' playbooks say: read where mails come in, before any desk is known."""

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
    """Return a desk's rules, those of all desks together where none is named; raises PlaybookError.

    The rest of a playbook is the worker's to check.
    """
    files = files_in_force(desk_folders(settings.desk_roots), SHIPPED_DESKS, settings.playbooks_dir)
    wanted = [file for name, file in sorted(files.items()) if name != RECEPTION and desk in {None, name}]
    return reduce(
        RequesterRules.joined, (_rules_in(file, _changed(file)) for file in wanted), RequesterRules()
    )


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _rules_in(file: Path, _changed: int) -> RequesterRules:
    content = read_yaml(file)
    listed = content.get("requesters") if isinstance(content, dict) else None
    try:
        return RequesterRules.model_validate(listed or {})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(("requesters", *(str(part) for part in first["loc"])))
        raise PlaybookError(
            str(file), where, first["msg"], "List addresses, or domains such as '@company.example'."
        ) from None
