"""A desk for tests that is YAML alone, in a folder of its own outside the checkout."""

import copy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

import desks
from runtime.desk_check import errors_of, folders_of
from tests.servers import settings_from

DESK: Final = "loans"

PLAYBOOK: Final[dict[str, Any]] = {
    "desk": DESK,
    "version": "1.0.0",
    "description": "Lends tools to the members of a club.",
    "routing": {"phrases": ["borrow", "lend"]},
    "intents": {"borrow": {"phrases": ["borrow"], "specialists": ["opening_hours"]}},
    "missing_information": {"deadline": "3 days"},
    "plan": {"groups": [["opening_hours"]], "max_specialists": 3},
    "specialists": {
        "opening_hours": {"role": "repeat", "config": {"says": "The shed is open on Saturdays."}}
    },
    "review": {"reviewers": {"short_letter": {"role": "shortness", "config": {"characters": 2000}}}},
    "guardian": {
        "tiers": {
            "low": {"approval": {"signatures": 0}},
            "medium": {
                "approval": {"signatures": 1},
                "waiting": {"approvers": ["ana"], "deadline": "2 days"},
            },
        },
        "actions": {"send_reply": {"tier": "low", "editable": ["text"], "give_up_after": "5 seconds"}},
    },
    "escalation": {"approvers": ["ana"], "deadline": "5 days"},
    "deliver": {
        "action": "send_reply",
        "compose": "letter",
        "config": {
            "greeting": "Dear {name},",
            "greeting_without_name": "Hello,",
            "closing": "Kind regards",
            "signature": "The tool shed",
        },
    },
    "contact": {"channel": "mail", "action": "send_reply", "policy": {"tier": "low"}},
}


def playbook() -> dict[str, Any]:
    """Return a playbook to change."""
    return copy.deepcopy(PLAYBOOK)


def write_desk(home: Path, content: dict[str, Any], systems: dict[str, Any] | None = None) -> Path:
    """Write the desk into a folder of desks, and return its own folder."""
    folder = home / str(content["desk"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "playbook.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    if systems is not None:
        text = yaml.safe_dump({"systems": systems}, sort_keys=False)
        (folder / "systems.yaml").write_text(text, encoding="utf-8")
    return folder


def check(folder: Path) -> str:
    """Return what `dispatch desk check --dir` says of a desk, a line for each problem."""
    settings = settings_from({})
    return "\n".join(errors_of(settings, folders_of(settings, folder), folder.name))


@contextmanager
def own_desks() -> Iterator[None]:
    """Forget the desk afterwards: modules and search path are the process's."""
    path = list(desks.__path__)
    try:
        yield
    finally:
        desks.__path__[:] = path
        for desk in (DESK, "kiln_loans"):
            for name in [name for name in sys.modules if name.startswith(f"desks.{desk}")]:
                del sys.modules[name]
            vars(desks).pop(desk, None)
