"""The extract for questions: level with the store, made again when it is not of its chain, and never believed blindly."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.query.questions import BY_NAME, QUESTIONS, Asked, answers
from dispatch.audit.query.questions_page import page_of
from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.document import Document
from dispatch.audit.store.verify import verify
from dispatch.models.errors import AuditStoreError
from tests.audit_store.made import NOW, documents, filled, lines_of, object_file, renamed, store_at


def extract(folder: Path) -> ExtractFile:
    return ExtractFile(folder, FolderBackend(folder / "store"))


def test_it_grows_with_the_store_and_is_made_once(tmp_path: Path) -> None:
    """Each export adds its record; what is there is not made again."""
    store = filled(tmp_path, 2)
    mine = extract(tmp_path)
    assert mine.catch_up() == 2
    before = mine.path.read_bytes()
    store.append(documents(4), NOW)
    assert mine.catch_up() == 4
    assert extract(tmp_path).catch_up() == 4
    assert mine.path.read_bytes().startswith(before)
    assert [json.loads(line)["seq"] for line in mine.path.read_bytes().splitlines()] == [1, 2, 3, 4]


def test_a_torn_record_is_made_again(tmp_path: Path) -> None:
    """A process that was killed while it wrote leaves no half record behind."""
    filled(tmp_path, 3)
    mine = extract(tmp_path)
    mine.catch_up()
    whole = mine.path.read_bytes()
    mine.path.write_bytes(whole[:-40])
    assert extract(tmp_path).catch_up() == 3
    assert mine.path.read_bytes() == whole


def test_an_extract_of_another_chain_is_made_anew(tmp_path: Path) -> None:
    """A store that was restored or replaced is not answered for with old records."""
    filled(tmp_path, 3)
    mine = extract(tmp_path)
    mine.catch_up()
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "heads.json").unlink()
    other = [renamed(document, f"other-{n}") for n, document in enumerate(documents(3))]
    store_at(tmp_path).append(other, NOW)
    assert extract(tmp_path).catch_up() == 3
    assert b"request-0000" not in mine.path.read_bytes()


def test_a_history_that_was_changed_is_not_answered_from(tmp_path: Path) -> None:
    """The sentence sends to verify."""
    filled(tmp_path, 3)
    object_file(tmp_path, lines_of(tmp_path)[1]).write_bytes(b"{}")
    with pytest.raises(AuditStoreError, match="request-0001 is missing or was changed; see"):
        extract(tmp_path).catch_up()


def test_every_question_has_an_answer_in_its_period(tmp_path: Path) -> None:
    """Each question runs; a period before the first request has no rows."""
    store_at(tmp_path).append(documents(), NOW)
    mine = extract(tmp_path)
    mine.catch_up()
    given = answers(mine.path, Asked(seconds=3600))
    assert [answer.question for answer in given] == list(QUESTIONS)
    assert all(answer.rows for answer in given)
    assert not any(answer.rows for answer in answers(mine.path, Asked(until=Asked.since)))


def test_a_request_that_was_exported_again_counts_once(tmp_path: Path) -> None:
    """After a reset a request has two lines; questions take the last."""
    (document,) = documents(1)
    (run,) = document.runs
    twice = Document(document.request_id, document.workflow_type, (run, run._replace(run_id="after-reset")))
    store = store_at(tmp_path)
    store.append([document], NOW)
    store.append([twice], NOW)
    mine = extract(tmp_path)
    assert mine.catch_up() == 2
    (playbooks,) = answers(mine.path, Asked(), ("playbooks",))
    assert [row["requests"] for row in playbooks.as_records()] == [1]
    once, again = mine.records()
    for what in ("guarded", "actions", "decisions", "waits"):
        assert once[what] == again[what], "a reset begins with a copy of what came before; it happened once"


def test_an_attempt_whose_effect_is_unknown_is_among_the_amounts(tmp_path: Path) -> None:
    """Money that may have gone out is not left out; what was undone says so."""
    store_at(tmp_path).append(documents(), NOW)
    mine = extract(tmp_path)
    mine.catch_up()
    (amounts,) = answers(mine.path, Asked(), ("amounts",))
    assert {"done", "undone", "OutcomeUnknownError"} <= {row["status"] for row in amounts.as_records()}


def test_what_people_wrote_is_text_on_the_page(tmp_path: Path) -> None:
    """A name or a reason that looks like HTML is shown as it was written."""
    store_at(tmp_path).append(documents(), NOW)
    mine = extract(tmp_path)
    mine.catch_up()
    records = [json.loads(line) for line in mine.path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        record["requester"] = "<script>alert(1)</script>"
    mine.path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    page = page_of(
        answers(mine.path, Asked()), Asked(), "a <b>place</b>", store_at(tmp_path).index().head, NOW
    )
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a &lt;b&gt;place" in page


async def test_two_exporters_of_one_folder_export_each_request_once(tmp_path: Path) -> None:
    """The lock orders them, and each reads on to what the other wrote."""
    written = documents(20)

    def export() -> None:
        store = store_at(tmp_path)
        for document in written:
            store.append([document], NOW)

    threads = [threading.Thread(target=export) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = await verify(FolderBackend(tmp_path / "store"))
    assert (found.broken, found.counts) == ([], {"records": 20})


def test_questions_have_names_of_their_own() -> None:
    """A name is what a person types."""
    assert len(BY_NAME) == len(QUESTIONS)
