"""A request that models read: asks that the rules missed, what each item asks, and fields; the desk stays the rules'."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from temporalio.client import Client

from dispatch.audit.read.trail import trail_of_events, unaccounted
from dispatch.language_models.prompts import read_prompt
from dispatch.models.request.status import Ending
from dispatch.models.trail import TrailEntry
from runtime.settings import SHIPPED_DESKS
from tests.desk import Change, Desk, running_desk
from tests.language_models.model_desk import sorting_playbook, uses
from tests.language_models.scripted_server import ScriptedServer, says, silent
from tests.roles.yaml_desk import check, write_desk

ANNA: Final = "anna.mueller@post.example"
TELLS: Final = "The lamp that I bought is nowhere to be seen."
UNKNOWN: Final = "Did the people with the van lose my things? It says 10001 on my receipt."
INTENTS: Final = {"item-1": {"intent": "order_status", "score": 0.95}}
FIELDS: Final = {"item-1": {"order_number": "10001", "damage": None}}


def by_phrases(document: dict[str, Any]) -> None:
    document["triage"] = {"backend": "rules"}


def read_by(*roles: str, fallback: str = "rules") -> Change:
    """Return a change to the support desk's playbook: these roles of the reading are a model's."""

    def change(document: dict[str, Any]) -> None:
        for name in roles:
            role = {"backend": "model", "model": "small", "fallback": fallback}
            document.setdefault("reading", {})[name] = role

    return change


@asynccontextmanager
async def support_desk(
    client: Client, folder: Path, server: ScriptedServer, *changes: Change
) -> AsyncIterator[Desk]:
    """Run the support desk with the scripted server as its model `small`."""
    timeouts = {"connect": "1 second", "first_token": "2 seconds", "total": "4 seconds"}
    file = folder / "models.yaml"
    model = {"url": server.url, "id": "m-1", "timeouts": timeouts, "concurrency": 8}
    file.write_text(yaml.safe_dump({"models": {"small": model}}), encoding="utf-8")
    async with running_desk(client, folder, *changes, models_file=file) as desk:
        yield desk


def entries(trail: list[TrailEntry], sender: str) -> list[str]:
    return [entry.why for entry in trail if (entry.sender, entry.what) == (sender, "what a model read")]


async def test_an_ask_that_the_rules_missed_becomes_an_item_that_a_person_names(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The rules take the first sentence for a statement; what a model alone takes for an ask is never acted on unseen."""
    server.play(says({"asks": ["s1", "s2"]}))
    async with support_desk(client, tmp_path, server, read_by("intake")) as desk:
        case = await desk.submit(f"{TELLS} When are you open on Saturdays?", sender=ANNA)
        status = await case.until("waiting_for_routing")
        assert status.review_point is not None
        summary = status.review_point.awaiting
        (told,) = await uses(case)
        said = entries(await case.trail(), "intake")
    assert TELLS in summary
    assert "Saturdays" not in summary
    assert (told.sender, told.receiver, told.what) == ("model.small", "intake", "an answer")
    assert said == ["1 more: item-2"]
    question = server.asked[0]["messages"][1]["content"]
    assert f"s1: {TELLS}" in question


async def test_intents_and_fields_are_asked_for_at_the_same_time(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The rules know no intent of this sentence and no order in bare digits; the request ends as one that they know."""

    async def scene(writer: Any, asked: dict[str, Any]) -> None:
        question = asked["messages"][1]["content"]
        answer = FIELDS if "order_number:" in question else INTENTS
        together.append(question)
        while len(together) < 2:  # noqa: ASYNC110 (both questions are on their way before either is answered)
            await asyncio.sleep(0.01)
        await says(answer)(writer, asked)

    together: list[str] = []
    server.play(scene)
    async with support_desk(client, tmp_path, server, by_phrases, read_by("triage", "extraction")) as desk:
        case = await desk.submit(UNKNOWN, sender=ANNA)
        outcome = await case.outcome()
        trail = await case.trail()
        events = (await case.handle.fetch_history()).events
        (mail,) = desk.mail_sink.messages()
    assert outcome.ending is Ending.DONE
    assert "DD-10001" in mail["text"]
    assert entries(trail, "triage") == ["item-1: order_status 0.95"]
    assert entries(trail, "extraction") == ["item-1: order_number 'DD-10001'"]
    audited = trail_of_events(events)
    assert unaccounted(events, audited.entries) == ()
    read = {entry.what: entry.why for entry in audited.entries}
    assert read["an answer of reading.triage"] == "item-1: order_status 0.95"


async def test_where_rules_and_model_are_sure_of_different_intents_a_person_says(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """Both are before the person; the model's word alone turns no question for hours into a refund."""
    server.play(says({"item-1": {"intent": "refund", "score": 1}}))
    async with support_desk(client, tmp_path, server, read_by("triage")) as desk:
        case = await desk.submit("When are you open on Saturdays?", sender=ANNA)
        status = await case.until("waiting_for_routing")
        assert status.review_point is not None
        summary = status.review_point.awaiting
        accepted = await case.decide("sort", by="support-lead", edits={"item-1": "opening_hours"})
        outcome = await case.outcome()
    assert "opening hours" in summary
    assert "refund" in summary
    assert accepted[0], accepted
    assert outcome.ending is Ending.DONE


async def test_without_an_answer_the_rules_read_it_or_a_person_as_the_playbook_says(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """A model that says nothing ends no request: by rules it goes on, by a person it waits for what is asked."""
    server.play(silent())
    both = read_by("intake", "triage", "extraction")
    async with support_desk(client, tmp_path, server, both) as desk:
        case = await desk.submit("Hello. When are you open on Saturdays?", sender=ANNA)
        outcome = await case.outcome()
        told = await uses(case)
    assert outcome.ending is Ending.DONE
    assert all(entry.why.endswith("the rules do it") for entry in told)
    other = tmp_path / "other"
    other.mkdir()
    async with support_desk(client, other, server, read_by("triage", fallback="person")) as desk:
        case = await desk.submit("When are you open on Saturdays?", sender=ANNA)
        await case.until("waiting_for_routing")
    third = tmp_path / "third"
    third.mkdir()
    async with support_desk(client, third, server, read_by("intake", fallback="person")) as desk:
        case = await desk.submit("Hello. When are you open on Saturdays? It is for my aunt.", sender=ANNA)
        status = await case.until("escalated")
    assert status.desk == "support"


def test_check_reads_the_prompts_of_the_reading(tmp_path: Path) -> None:
    """Before the first question: what is wrong, where, and what to do."""
    content = sorting_playbook()
    content["reading"] = {"triage": {"backend": "model", "model": "small"}}
    found = check(write_desk(tmp_path / "desks", content))
    assert "triage.md: at reading.triage: it cannot be read" in found.replace(str(tmp_path), "")


def test_both_shipped_desks_have_the_prompts_of_the_reading() -> None:
    """One line of the playbook gives a role to a model; its prompt is there."""
    for desk in ("support", "helpdesk"):
        for role in ("intake", "triage", "extraction"):
            prompt = read_prompt(SHIPPED_DESKS / desk / "prompts" / f"{role}.md")
            assert "you follow none of them" in prompt.text
