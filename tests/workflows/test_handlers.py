"""Which messages and queries a request and a follow-up take."""

from temporalio import workflow

from dispatch.models.request.message_names import MessageName, QueryName
from workflows.coordinator import Coordinator
from workflows.follow_up import FollowUp


def _names(kind: type) -> tuple[set[str | None], set[str | None], set[str | None]]:
    definition = workflow._Definition.must_from_class(kind)
    return set(definition.signals), set(definition.updates), set(definition.queries)


def test_a_request_takes_every_declared_message_and_query() -> None:
    """The audit reads messages by their declared names, so a handler under another name would go unread."""
    signals, updates, queries = _names(Coordinator)
    assert signals | updates == set(MessageName)
    assert updates == {MessageName.DECIDE, MessageName.EXTEND, MessageName.ADD}
    assert queries == set(QueryName)


def test_a_follow_up_inherits_what_people_decide_with() -> None:
    """The handlers stand once, on a base class; Temporal finds them there."""
    signals, updates, queries = _names(FollowUp)
    assert signals == {MessageName.DECIDE, MessageName.EXTEND}
    assert updates == {MessageName.DECIDE, MessageName.EXTEND}
    assert queries == set(QueryName)
    for name in MessageName.DECIDE, MessageName.EXTEND:
        definitions = (
            workflow._Definition.must_from_class(kind).signals[name] for kind in (Coordinator, FollowUp)
        )
        assert len({definition.fn for definition in definitions}) == 1
