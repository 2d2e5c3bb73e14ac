"""A watched folder against the real server: what is taken in, refused, set apart, left alone, and what happens to the files."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture
from temporalio.client import Client

import runtime.doors.reading
from channels.folder.watch import FolderWatch
from dispatch.models.errors import DispatchError, TemporalUnavailableError
from dispatch.models.request.submission import Submission
from runtime.doors.folder import FolderDoor
from runtime.doors.refusals import not_taken_in, take_in_anyway
from runtime.gateway import Gateway
from runtime.settings import Settings

PATIENCE_SECONDS = 20
LOOK_SECONDS = 0.02
SETTLE_SECONDS = 0.1


def mail(text: str = "When do you open?", *more: str) -> bytes:
    """Write a mail of its own; `more` are header lines."""
    lines = ["From: Ole Brandt <ole@brandt.example>", f"Message-ID: <{uuid.uuid4()}@brandt.example>", *more]
    return "\n".join([*lines, "Subject: a question", "", text, ""]).encode()


class Watched:
    """A folder under watch, with the door that a test may close."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.folder = folder / "in"
        self.folder.mkdir()
        self.settings = Settings(var_dir=folder / "var", task_queue=f"folder-{uuid.uuid4().hex[:8]}")
        self.client, self.log = client, LogCapture()
        self.door = FolderDoor(Gateway.over(client), self.settings, "support")

    def put(self, name: str | bytes, content: bytes) -> Path:
        path = self.folder / os.fsdecode(name)
        path.write_bytes(content)
        return path

    def files(self, place: str = "") -> set[str]:
        return {
            entry.name
            for entry in os.scandir(self.folder / place)
            if not entry.name.startswith(".dispatch-watch") and (place or entry.name not in _PLACES)
        }

    def reason(self, name: str) -> str:
        return (self.folder / "refused" / f"{name}.reason.txt").read_text(encoding="utf-8")

    def said(self, event: str) -> list[dict[str, Any]]:
        return [dict(entry) for entry in self.log.entries if entry["event"] == event]

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        structlog.configure(processors=[self.log])
        stop = asyncio.Event()
        watch = FolderWatch(self.folder, self.door, look_seconds=LOOK_SECONDS, settle_seconds=SETTLE_SECONDS)
        task = asyncio.create_task(watch.run(stop))
        try:
            yield
        finally:
            stop.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await task
            structlog.reset_defaults()


_PLACES = {"taken", "refused", "automatic"}


@pytest.fixture
def watched(client: Client, tmp_path: Path) -> Watched:
    return Watched(client, tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 (the folder is another's to change)
            await asyncio.sleep(0.02)


async def test_each_kind_of_file_goes_to_its_folder(watched: Watched) -> None:
    """Mails and JSON are taken in, automatic mail is set apart, what cannot be read has its reason beside it."""
    watched.put("question.eml", mail())
    watched.put("UPPER.EML", mail())
    watched.put("form.json", b'{"from": "ole@brandt.example", "text": "When do you open?"}')
    watched.put("away.eml", mail("I am away.", "Auto-Submitted: auto-replied"))
    watched.put("no-sender.eml", b"Subject: hello\n\nWho am I?\n")
    watched.put("letter.docx", b"PK\x03\x04")
    async with watched.watching():
        await until(lambda: not watched.files())
    assert watched.files("taken") == {"question.eml", "UPPER.EML", "form.json"}
    assert watched.files("automatic") == {"away.eml"}
    notes = {f"{name}.reason.txt" for name in ("no-sender.eml", "letter.docx")}
    assert watched.files("refused") == {"no-sender.eml", "letter.docx", *notes}
    assert watched.reason("no-sender.eml") == (
        "no-sender.eml is no mail: it has no From header; save the whole mail, with its headers\n"
    )
    assert watched.reason("letter.docx").startswith("letter.docx is neither .eml nor .json; save")
    taken = {entry["request_id"] for entry in watched.said("taken in")}
    assert len(taken) == 4
    assert {request_id.split("-")[0] for request_id in taken} == {"support"}
    for request_id in taken:
        assert (
            await watched.client.get_workflow_handle(request_id).describe()
        ).workflow_type == "Coordinator"


async def test_what_is_refused_waits_for_a_person_with_its_content(watched: Watched) -> None:
    """The list has name, folder, reason and the document; the same file again is not listed twice."""
    watched.put("empty.eml", mail("").replace(b"a question", b""))
    async with watched.watching():
        await until(lambda: not watched.files())
        watched.put("empty.eml", (watched.folder / "refused" / "empty.eml").read_bytes())
        await until(lambda: len(watched.files("refused")) == 4)
    (entry,) = not_taken_in(watched.settings).waiting()
    assert (entry.name, entry.place, entry.door, entry.desk) == (
        "empty.eml",
        str(watched.folder),
        "folder",
        "support",
    )
    assert "it has neither subject, text nor attachments" in entry.reason
    assert entry.sha256
    assert entry.begins.startswith("From: Ole Brandt")


async def test_a_name_that_exists_already_gets_a_suffix(watched: Watched) -> None:
    """What was taken in before under the same name stays as it was; so does its reason."""
    for number in range(3):
        for name, content in (("mail.eml", mail(f"number {number}")), ("bad.eml", b"nothing %d" % number)):
            watched.put(name, content)
        async with watched.watching():
            await until(lambda: not watched.files())
    assert watched.files("taken") == {"mail.eml", "mail-2.eml", "mail-3.eml"}
    assert {name for name in watched.files("refused") if name.endswith(".eml")} == {
        "bad.eml",
        "bad-2.eml",
        "bad-3.eml",
    }
    for number, name in enumerate(("bad.eml", "bad-2.eml", "bad-3.eml")):
        assert (watched.folder / "refused" / name).read_bytes() == b"nothing %d" % number
        assert watched.reason(name).startswith("bad.eml ")


async def test_the_same_mail_in_two_files_is_one_request(watched: Watched) -> None:
    """Both files are moved, and the log says of the second that it was there before."""
    same = mail()
    watched.put("a.eml", same)
    watched.put("b.eml", b"Received: from elsewhere\n" + same)
    async with watched.watching():
        await until(lambda: not watched.files())
    (first,), (second,) = watched.said("taken in"), watched.said("taken in before")
    assert first["request_id"] == second["request_id"]
    assert watched.files("taken") == {"a.eml", "b.eml"}


async def test_an_id_that_is_known_with_other_content_is_refused_aloud(watched: Watched) -> None:
    """A second JSON request under the first one's id is neither dropped nor mixed up with it."""
    own = uuid.uuid4()
    form = '{"trigger_id": "%s", "from": "ole@brandt.example", "text": "%s"}'
    watched.put("1.json", (form % (own, "When do you open?")).encode())
    watched.put("2.json", (form % (own, "When do you close?")).encode())
    async with watched.watching():
        await until(lambda: not watched.files())
    assert watched.files("taken") == {"1.json"}
    assert "began with other content; give it an id of its own" in watched.reason("2.json")
    assert [entry.name for entry in not_taken_in(watched.settings).waiting()] == ["2.json"]


async def test_a_file_waits_while_it_is_written(watched: Watched) -> None:
    """While it grows or another program has it open for writing, and while its name says so."""
    whole = mail("a sentence that comes in parts")
    watched.put("later.eml.part", whole)
    watched.put(".hidden.eml", whole)
    async with watched.watching():
        path = watched.folder / "slow.eml"
        with path.open("wb", buffering=0) as file:
            for piece in (whole[:20], whole[20:60]):
                file.write(piece)
                await asyncio.sleep(5 * SETTLE_SECONDS)
            assert watched.files() == {"later.eml.part", ".hidden.eml", "slow.eml"}
            file.write(whole[60:])
        await until(lambda: "slow.eml" not in watched.files())
        (watched.folder / "later.eml.part").rename(watched.folder / "later.eml")
        await until(lambda: "later.eml" not in watched.files())
    assert watched.files() == {".hidden.eml"}
    assert (watched.folder / "taken" / "slow.eml").read_bytes() == whole
    assert {entry["event"] for entry in watched.log.entries} >= {"taken in"}
    assert watched.files("refused") == set()


async def test_a_file_that_grows_without_being_open_waits(watched: Watched) -> None:
    """As on a network share, where no program of this machine has it open."""
    whole = mail("a sentence that comes in parts")
    async with watched.watching():
        path = watched.put("slow.eml", whole[:60])
        for end in range(61, len(whole) + 1, 10):
            path.write_bytes(whole[: end + 10])
            await asyncio.sleep(SETTLE_SECONDS / 4)
            assert path.exists()
        await until(lambda: not watched.files())
    assert (watched.folder / "taken" / "slow.eml").read_bytes() == whole


async def test_links_folders_pipes_and_huge_files_get_a_sentence_each(
    watched: Watched, tmp_path: Path
) -> None:
    """None is followed, opened or waited for; a folder stays, the others are moved aside."""
    secret = tmp_path / "secret.eml"
    secret.write_bytes(mail("not for the desk"))
    (watched.folder / "link.eml").symlink_to(secret)
    (watched.folder / "gone.eml").symlink_to(tmp_path / "nothing.eml")
    os.mkfifo(watched.folder / "pipe.eml")
    (watched.folder / "archive").mkdir()
    with (watched.folder / "huge.eml").open("wb") as file:
        file.truncate(watched.settings.max_mail_bytes + 1)
    async with watched.watching():
        await until(lambda: watched.files() == {"archive"})
    for name, words in (
        ("link.eml", "is a link to another place; put the file itself into the folder"),
        ("gone.eml", "is a link to another place; put the file itself into the folder"),
        ("pipe.eml", "is no file but a device or a pipe; put a file into the folder"),
        (
            "huge.eml",
            "has 25.0 MB, more than the 25.0 MB that are taken; send it without the large attachment",
        ),
    ):
        assert watched.reason(name).startswith(f"{name} {words}"), watched.reason(name)
        assert watched.reason(name).count("\n") == 1
    assert secret.exists()
    (left,) = watched.said("left alone")
    assert left["why"] == "archive is a folder and is left alone; put files into the watched folder itself"
    waiting = {entry.name: entry.sha256 for entry in not_taken_in(watched.settings).waiting()}
    assert waiting == {"link.eml": "", "gone.eml": "", "pipe.eml": "", "huge.eml": ""}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
async def test_a_file_without_permission_is_refused_with_what_to_do(watched: Watched) -> None:
    """It does not stop the others."""
    watched.put("a.eml", mail()).chmod(0)
    watched.put("b.eml", mail())
    async with watched.watching():
        await until(lambda: not watched.files())
    assert "cannot be read: Permission denied; make it readable for this user" in watched.reason("a.eml")
    assert watched.files("taken") == {"b.eml"}


@pytest.mark.parametrize(
    "name", [b"caf\xe9 \xff.eml", ("\N{SNOWMAN}" * 83 + ".eml").encode(), b"a\nb.eml", b"-rf.eml"]
)
async def test_odd_names_are_names(watched: Watched, name: bytes) -> None:
    """Bytes that are no text, the longest name that a file system takes, line ends: taken in, and refused with a reason."""
    watched.put(name, mail())
    async with watched.watching():
        await until(lambda: not watched.files())
        watched.put(name, b"no mail at all")
        await until(lambda: not watched.files())
    assert len(watched.files("taken")) == 1
    assert len(watched.files("refused")) == 2
    assert len(not_taken_in(watched.settings).waiting()) == 1


class Closed(FolderDoor):
    """A door behind which Temporal is away until it is opened; a file of the name that it is given never gets through."""

    away = True
    stuck = ""

    async def start(self, path: Path, submission: Submission) -> Any:
        if self.away or path.name == self.stuck:
            raise TemporalUnavailableError("Temporal is away")
        return await super().start(path, submission)


async def test_while_temporal_is_away_files_wait_and_it_is_said_once(watched: Watched) -> None:
    """Nothing is moved or refused; when it is back everything is taken in."""
    watched.door = door = Closed(Gateway.over(watched.client), watched.settings, "support")
    for number in range(3):
        watched.put(f"{number}.eml", mail())
    async with watched.watching():
        await until(lambda: bool(watched.said("waiting; files stay where they are and are taken in later")))
        watched.put("bad.eml", b"no mail at all")
        await until(lambda: "bad.eml" in watched.files("refused"))
        await asyncio.sleep(20 * LOOK_SECONDS)
        assert watched.files() == {"0.eml", "1.eml", "2.eml"}
        door.away = False
        await until(lambda: not watched.files())
    assert len(watched.said("waiting; files stay where they are and are taken in later")) == 1
    assert len(watched.said("going on")) == 1


async def test_one_file_that_never_gets_through_holds_up_no_other(watched: Watched) -> None:
    """It is tried again after the others."""
    watched.door = door = Closed(Gateway.over(watched.client), watched.settings, "support")
    door.away, door.stuck = False, "0.eml"
    for number in range(4):
        watched.put(f"{number}.eml", mail())
    async with watched.watching():
        await until(lambda: watched.files() == {"0.eml"})


class Replacing(FolderDoor):
    """A door at which another program puts a new file under the name of the one that is just being taken in."""

    late = b""

    async def start(self, path: Path, submission: Submission) -> Any:
        started = await super().start(path, submission)
        if self.late:
            new = path.with_name(".new")
            new.write_bytes(self.late)
            new.rename(path)
            self.late = b""
        return started


async def test_a_file_that_takes_the_others_name_meanwhile_is_taken_in_too(watched: Watched) -> None:
    """Moved as the first one it would be a request that nobody started."""
    watched.door = door = Replacing(Gateway.over(watched.client), watched.settings, "support")
    door.late = mail("the second")
    watched.put("same.eml", mail("the first"))
    async with watched.watching():
        await until(lambda: not watched.files())
    assert len({entry["request_id"] for entry in watched.said("taken in")}) == 2
    assert b"the second" in (watched.folder / "taken" / "same.eml").read_bytes()


async def test_a_second_watcher_refuses_and_a_later_one_does_not(watched: Watched) -> None:
    """The lock ends with its watcher."""
    async with watched.watching():
        await until(lambda: bool(watched.said("watching")))
        second = FolderWatch(watched.folder, watched.door)
        with pytest.raises(DispatchError, match=rf"another watcher \(process {os.getpid()}\) works on"):
            await second.run(asyncio.Event())
    async with watched.watching():
        await until(lambda: len(watched.said("watching")) == 2)


async def test_a_folder_that_cannot_be_watched_is_named(watched: Watched, tmp_path: Path) -> None:
    """It is missing, a file, or a file stands where a folder is to be."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    (watched.folder / "taken").write_bytes(b"")
    for folder, words in (
        (tmp_path / "none", "there is no folder .*; make it, or correct its name"),
        (file, "is no folder; name the folder that requests are put into"),
        (watched.folder, "cannot be watched: File exists"),
    ):
        with pytest.raises(DispatchError, match=words):
            await FolderWatch(folder, watched.door).run(asyncio.Event())


async def test_a_file_that_meets_a_fault_of_the_desk_is_a_persons(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One such file stops nothing; its content is kept, so that it can be taken in all the same."""
    fault = runtime.doors.reading._read_form

    def faulty(form: Any, name: str, *others: Any) -> Any:
        if name.endswith("odd.eml"):
            raise KeyError("a bug")
        return fault(form, name, *others)

    monkeypatch.setattr(runtime.doors.reading, "_read_form", faulty)
    watched.put("odd.eml", mail())
    watched.put("plain.eml", mail())
    async with watched.watching():
        await until(lambda: not watched.files())
    assert watched.files("taken") == {"plain.eml"}
    assert watched.reason("odd.eml").startswith(
        "odd.eml met a fault of the desk (KeyError); take it in by hand"
    )
    (entry,) = not_taken_in(watched.settings).waiting()
    taken = await take_in_anyway(Gateway.over(watched.client), watched.settings, entry, "dora")
    assert taken.new
    assert taken.request_id.startswith("reception-mail-")
