"""What an item asks, by a classifier's scores and the playbook's thresholds: pure, with scores written here."""

import pytest

from dispatch.models.request.classified import Candidate, Classified
from dispatch.models.request.item import OTHER, Item
from dispatch.process.sorting import is_in_scope, merged, reasons, sort_item
from tests.desk import SHIPPED

PLAYBOOK = SHIPPED.by_desk["support"].playbook


def read(*scores: tuple[str, float], in_scope: float = 0.9) -> Classified:
    return Classified(
        candidates=tuple(Candidate(intent=intent, score=score) for intent, score in scores),
        in_scope=in_scope,
        nearest=("where is it",),
    )


def item(text: str, number: int = 1, **more: object) -> Item:
    return Item(item_id=f"item-{number}", text=text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "scores", "kind", "is_doubtful"),
    [
        ("It has not come", (("order_status", 0.8), ("refund", 0.1)), "order_status", False),
        ("It has not come", (("order_status", 0.39), ("other", 0.1)), "order_status", True),
        ("It has not come", (("order_status", 0.5), ("refund", 0.4)), "order_status", True),
        ("I want a refund", (("order_status", 0.5), ("refund", 0.4)), "refund", False),
        ("I want a refund", (("order_status", 0.9), ("refund", 0.05)), "order_status", False),
        ("Thanks", (("none", 0.9), ("other", 0.05)), OTHER, False),
        ("Do you sell sand", (("other", 0.9), ("none", 0.05)), OTHER, False),
        ("Do you sell sand", (("other", 0.3), ("none", 0.2)), OTHER, False),
        ("Hm", (("other", 0.4), ("warranty", 0.3)), OTHER, True),
        ("Your guarantee of low prices", (("other", 0.4), ("warranty", 0.3)), OTHER, True),
        ("The sofa is too wide. Please refund it.", (("other", 0.3), ("warranty", 0.2)), "refund", False),
        (
            "Please do not cancel it, I still want it.",
            (("cancel_order", 0.9), ("other", 0.05)),
            "cancel_order",
            True,
        ),
        ("Please cancel my order.", (("cancel_order", 0.9), ("other", 0.05)), "cancel_order", False),
        ("It has not arrived", (("order_status", 0.9), ("other", 0.05)), "order_status", False),
    ],
)
def test_thresholds_and_phrases_decide(
    text: str, scores: tuple[tuple[str, float], ...], kind: str, *, is_doubtful: bool
) -> None:
    """A sure score decides; a phrase decides between the best two; else a person confirms."""
    sorted_item = sort_item(item(text), read(*scores), PLAYBOOK)
    assert (sorted_item.kind, sorted_item.is_doubtful) == (kind, is_doubtful)
    assert [one.intent for one in sorted_item.candidates] == [intent for intent, _ in scores]


def test_what_asks_for_nothing_goes_with_its_neighbour() -> None:
    """Nothing of the text is lost."""
    items = (item("We moved house.", 1, kind=OTHER), item("Where is my parcel?", 2, kind="order_status"))
    scores = {"item-1": read(("none", 0.9)), "item-2": read(("order_status", 0.9))}
    (only,) = merged(items, scores, PLAYBOOK)
    assert (only.text, only.kind) == ("We moved house. Where is my parcel?", "order_status")


def test_neighbours_that_ask_the_same_are_one() -> None:
    """One of the two was sure, so the whole is."""
    items = (
        item("Where is it?", 1, kind="order_status"),
        item("It should be here.", 2, kind="order_status", is_doubtful=True),
    )
    scores = {one.item_id: read(("order_status", 0.9)) for one in items}
    (only,) = merged(items, scores, PLAYBOOK)
    assert only.text == "Where is it? It should be here."
    assert not only.is_doubtful


def test_two_orders_stay_two_items() -> None:
    """Each is answered for itself."""
    items = tuple(
        item(f"Where is {order}?", n, kind="order_status", fields={"order_number": order})
        for n, order in enumerate(("DD-10001", "DD-10002"), 1)
    )
    scores = {one.item_id: read(("order_status", 0.9)) for one in items}
    assert merged(items, scores, PLAYBOOK) == items


def test_a_request_that_asks_for_nothing_keeps_its_items() -> None:
    """Somebody still has to see it."""
    items = (item("Thanks."), item("Bye.", 2))
    scores = {one.item_id: read(("none", 0.9)) for one in items}
    assert merged(items, scores, PLAYBOOK) == items


def test_a_request_is_taken_by_its_best_text() -> None:
    """One ask in scope is enough; none is not."""
    policy = PLAYBOOK.triage
    assert is_in_scope((read(("none", 0.9), in_scope=0.1), read(("refund", 0.9), in_scope=0.8)), policy)
    assert not is_in_scope((read(("none", 0.9), in_scope=0.1),), policy)


def test_the_reasons_have_scores_and_the_nearest_example() -> None:
    """Who reads the trail sees how sure it was, and from what."""
    sorted_item = sort_item(item("It has not come"), read(("order_status", 0.5), ("refund", 0.4)), PLAYBOOK)
    why = reasons((sorted_item,), "examples abc", {"item-1": read(("order_status", 0.5))})
    assert why == "item-1: order_status 0.50 before refund 0.40, in doubt, like 'where is it' (examples abc)"
