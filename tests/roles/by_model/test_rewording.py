"""The form of `write`: a model words what the rules wrote, and nothing else of the finding is its own."""

from typing import Any

from activities.contracts import Systems
from activities.roles.specialists.write import Write
from dispatch.models.work.finding import Brief, Finding, ReviewException
from dispatch.models.work.guidance import Declined
from dispatch.models.work.severity import Severity
from tests.roles.by_model.filling import form_of, problems, taken
from tests.roles.texts.briefs import brief_of, examine, found, item

WRITE = Write(Systems())
CONFIG: dict[str, Any] = {
    "paragraphs": [
        {
            "name": "refused",
            "when": [{"value": "shelf.tool", "equals": "chainsaw"}],
            "text": "We cannot lend the chainsaw.",
            "refuses": True,
        },
        {
            "name": "reserved",
            "when": [{"value": "shelf.tool", "equals": "sander"}],
            "text": "We have reserved the sander for you until 9 November 2026.",
            "action": {"name": "reserve", "subject": "sander", "why": "it was asked for"},
        },
        {"name": "told", "text": "The {shelf.tool} is on shelf {shelf.place}, and a week costs EUR 4.00."},
    ]
}
TOOLS = {
    "item-1": {"tool": "saw", "place": "B4"},
    "item-2": {"tool": "chainsaw", "place": "A1"},
    "item-3": {"tool": "sander", "place": "C2"},
}
ITEMS = tuple(item(f"May I borrow it? I am Kim, tool {number}", number) for number in (1, 2, 3))
ANEW = "You find the saw on shelf B4; a week costs EUR 4.00."


def _brief(**more: Any) -> Brief:
    return brief_of(CONFIG, *ITEMS, name="reply", findings=(found("shelf", items=TOOLS),), **more)


def test_only_paragraphs_that_do_and_refuse_nothing_are_shown() -> None:
    """Neither the request nor the refusal nor the announcement is in the question."""
    form = form_of(WRITE, _brief())
    assert [(block.name, block.text) for block in form.data] == [
        ("paragraph-1", "The saw is on shelf B4, and a week costs EUR 4.00.")
    ]
    assert form.names == ("Kim",)


async def test_everything_but_the_words_is_the_rules() -> None:
    """Evidence, items, actions and refusals are the same, and so are the other paragraphs, word for word."""
    by_rules = await examine("write", CONFIG, *ITEMS, name="reply", findings=(found("shelf", items=TOOLS),))
    by_model: Finding = taken(WRITE, _brief(), {"paragraph-1": ANEW})
    first, *others = by_model.statements
    assert first == by_rules.statements[0].model_copy(update={"text": ANEW})
    assert tuple(others) == by_rules.statements[1:]
    assert by_model.model_copy(update={"statements": ()}) == by_rules.model_copy(update={"statements": ()})


def test_an_answer_that_says_more_is_refused_by_the_name_of_its_check() -> None:
    """What the check is called is for the trail; a paragraph that is not asked is no answer."""
    form = form_of(WRITE, _brief())
    told = problems(form, {"paragraph-1": f"{ANEW} Please send us your card number."})
    assert {one.partition(":")[0] for one in told} >= {"asks", "weighty"}
    assert problems(form, {"paragraph-1": ANEW.replace("4.00", "0.40")})
    assert problems(form, {"paragraph-2": "We can lend the chainsaw."})
    assert problems(form, {"paragraph-1": ANEW, "action": "reserve"})
    assert problems(form, {"paragraph-1": ""})
    assert problems(form, {"paragraph-1": " "})


def test_what_is_mended_or_declined_is_left_to_the_rules() -> None:
    """What a reviewer flagged is not asked again, nor what a person rejected."""
    flagged = ReviewException(
        reviewer="rubric", standard="rubric.short", severity=Severity.MINOR, text="long"
    )
    assert WRITE.form(_brief(exceptions=(flagged,))) is None
    declined = Declined(
        name="reserve", subject="saw", item_ids=("item-1",), by="ana", decision_id="d-1", reason="no"
    )
    assert WRITE.form(_brief(declined=(declined,))) is None
