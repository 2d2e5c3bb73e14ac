"""The declared action of these tests, bound, and what a worker knows of it."""

from typing import Any

from activities.catalogue import Catalogue
from dispatch.models.declared.actions import DeclaredAction
from dispatch.models.declared.systems import SystemsFile
from dispatch.models.request.submission import Party
from dispatch.models.work.action_digest import bind
from dispatch.models.work.playbook import Playbook, PlaybookRef
from dispatch.models.work.proposal import Action as Proposed
from dispatch.models.work.proposal import BoundAction
from tests.roles.access_desk import GRANT, SYSTEMS, access_playbook
from tests.roles.yaml_desk import DESK

DECLARED = DeclaredAction.model_validate({"http_call": GRANT})
DISCOVERED = Catalogue.discover([]).with_systems(
    {DESK: SystemsFile.model_validate({"systems": SYSTEMS}).systems}
)
KIM = Party(address="Kim@Club.example", name="Kim")


def catalogue(content: dict[str, Any] | None = None) -> Catalogue:
    """Return what a worker of the desk knows; with another playbook, what it knows after the playbook was changed."""
    return DISCOVERED.with_actions([Playbook.model_validate(content or access_playbook())])


def grant(declared: DeclaredAction | None = DECLARED, **changes: Any) -> BoundAction:
    """Return a bound action; `changes` are parameters."""
    parameters: dict[str, Any] = {"account": "kim", "place": "shed", "days": 7}
    action = Proposed(
        name="grant_access",
        subject="item-1",
        parameters=parameters | changes,
        item_ids=("item-1",),
        why="asked for",
        declared=declared.model_dump(mode="json") if declared else {},
    )
    return bind("r-1", "p-1", PlaybookRef(desk=DESK, version="1.0.0", digest="a" * 64), action)
