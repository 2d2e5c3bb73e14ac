"""The order of a request's parts: what `routing.after` may say, and what is refused when all desks are loaded."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.models.errors import PlaybookError
from dispatch.playbooks.loader import Playbooks, load_playbooks
from tests.asked import playbook_content

RECEPTION = "routing:\n  approvers: [reception]\n  deadline: 1 day\n"


def _load(folder: Path, **routing: dict[str, Any]) -> Playbooks:
    (folder / "reception.yaml").write_text(RECEPTION, encoding="utf-8")
    for desk, more in routing.items():
        content = playbook_content(desk=desk, routing={"phrases": [desk], **more})
        (folder / f"{desk}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_playbooks(folder)


def test_a_desk_may_wait_for_others(tmp_path: Path) -> None:
    """A chain of desks, and one that waits for two, are in order."""
    loaded = _load(
        tmp_path,
        website={},
        support={"after": ["website"]},
        finance={"after": ["website", "support"], "after_failure": "person"},
    )
    assert loaded.by_desk["finance"].playbook.routing.after == ("website", "support")
    assert loaded.by_desk["support"].playbook.routing.after_failure == "start"


@pytest.mark.parametrize(
    ("routing", "path", "problem"),
    [
        ({"support": {"after": ["sales"]}}, "routing.after[0]", "there is no desk 'sales'"),
        ({"support": {"after": ["support"]}}, "routing.after", "the desks wait for each other"),
        (
            {"support": {"after": ["website"]}, "website": {"after": ["support"]}},
            "routing.after",
            "the desks wait for each other",
        ),
        ({"support": {"after_failure": "person"}}, "routing", "after_failure needs after"),
        ({"support": {"after": ["Sales Desk"]}}, "routing.after[0]", "should match pattern"),
    ],
)
def test_an_order_that_cannot_hold_is_refused(
    tmp_path: Path, routing: dict[str, Any], path: str, problem: str
) -> None:
    """Each mistake is named by its place, in one sentence, before any request comes."""
    with pytest.raises(PlaybookError) as caught:
        _load(tmp_path, **routing)
    assert caught.value.path == path
    assert problem in caught.value.problem


def test_a_digest_without_an_order_is_as_it_was(tmp_path: Path) -> None:
    """A playbook that says nothing of other desks keeps its digest, and stores nothing more in histories."""
    (desk,) = _load(tmp_path, support={}).by_desk.values()
    stored = desk.playbook.routing.model_dump_json()
    assert stored == '{"phrases":["support"]}'
