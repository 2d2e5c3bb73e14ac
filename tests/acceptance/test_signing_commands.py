"""Keys and signed decisions as a person types them: what is printed, the exit codes, one sentence where it cannot be."""

import asyncio
import json
import os
import pty
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client

import starter
from cli.commands import parsed
from cli.decisions import run_decision
from cli.keys import run as run_keys
from cli.requests import show_detail
from devstack.temporal_server import TemporalServer
from dispatch.approval.signing import verify
from dispatch.models.errors import ApproversError, DispatchError, KeysError
from dispatch.models.people.approvers import Approver, ApproverKey, Approvers
from dispatch.models.people.decision import Decision
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.trail import EntryKind
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from runtime import gateway
from runtime.gateway import Gateway
from runtime.settings import Settings
from tests.acceptance.shell import ROOT, Shell, environment_of
from tests.desk import Desk, quick, running_desk
from tests.signers import Signer
from tests.workflows.approval.test_four_eyes import at_tier
from tests.workflows.requests_made import held_refund, two_held_refunds

PASSPHRASE = "correct horse battery"  # noqa: S105 (of keys that live as long as a test)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path, key_passphrase=SecretStr(PASSPHRASE))


async def keys(settings: Settings, *typed: str) -> int:
    """Run `dispatch keys ...` in this process."""
    return await run_keys(parsed(["keys", *typed]), settings)


def know_ana(settings: Settings, *public: ApproverKey) -> ApproversFile:
    """Write an approvers file that knows ana."""
    file = ApproversFile(settings.approvers_path)
    file.write(Approvers(approvers=(Approver(name="ana", full_name="Ana", keys=public),)))
    return file


@pytest.fixture
async def signing(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Yield a desk that holds each refund for a signed decision of ben's; cleo has no key, nor has dan the private half."""
    async with running_desk(client, tmp_path, quick, at_tier("high", 1, signed=True)) as desk:
        file, store = ApproversFile(desk.settings.approvers_path), KeyStore(desk.settings.keys_path)
        ben, dan, rita = (store.create(name, PASSPHRASE) for name in ("ben", "dan", "rita"))
        store.remove("dan", dan.key_id)
        revoked = rita.model_copy(update={"revoked_at": datetime.now(UTC)})
        file.write(
            Approvers(
                approvers=tuple(
                    Approver(name=name, full_name=name.title(), roles=("refunds-lead",), keys=known)
                    for name, known in (("ben", (ben,)), ("cleo", ()), ("dan", (dan,)), ("rita", (revoked,)))
                )
            )
        )
        yield desk


@pytest.fixture
def shell(signing: Desk, temporal: TemporalServer) -> Shell:
    environment = environment_of(signing.settings, temporal.address)
    return Shell(environment | {"DISPATCH_KEY_PASSPHRASE": PASSPHRASE})


def gateway_to(desk: Desk) -> Gateway:
    """Return the command line's way to the test's server."""

    async def connected() -> Client:
        return desk.client

    return Gateway(connected)


@dataclass
class Typed:
    """Types decisions in this process, as `starter.py` would run them."""

    desk: Desk
    capsys: pytest.CaptureFixture[str]

    async def decision(self, *typed: str, passphrase: str | None = PASSPHRASE) -> tuple[int, str]:
        """Return the exit code and what was printed."""
        settings = self.desk.settings.model_copy(
            update={"key_passphrase": SecretStr(passphrase) if passphrase else None}
        )
        self.capsys.readouterr()
        code = await run_decision(gateway_to(self.desk), settings, parsed(typed))
        return code, self.capsys.readouterr().out


@pytest.fixture
def typed(signing: Desk, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(signing, capsys)


async def test_what_waits_is_shown_and_approved_with_a_signature(
    shell: Shell, signing: Desk, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show` says what it needs; each of two held refunds is signed for, the one that is named first."""
    case = await two_held_refunds(signing)
    shown = await shell.starter("show", case.id)
    shown.words("PAY-10030-1 needs one signed decision (tier high)", "may decide: refunds-lead")
    arguments = parsed(["show", case.id, "--json"])
    assert await show_detail(gateway_to(signing), arguments) == 0
    detail = RequestDetail.model_validate_json(capsys.readouterr().out)
    assert detail.approval_request is not None
    assert len(detail.approval_request.awaited) == 2
    said = await shell.starter("approve", case.id, "--as", "ben", "--action", "PAY-10030-1")
    said.words("accepted: approve by ben", "signed with SHA256:", "until this is decided too")
    code, second = await typed.decision("approve", case.id, "--as", "ben", "--json")
    assert (code, json.loads(second)["accepted"], set(json.loads(second))) == (
        0,
        True,
        {"accepted", "reason"},
    )
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    assert len(signing.back_office.refunds()) == 2


async def test_an_edit_and_a_rejection_are_signed_too(signing: Desk, typed: Typed) -> None:
    """Expiry and edits are among what is signed; what the desk refuses is 1 with the reason, for scripts too."""
    case = await held_refund(signing)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    edit = ("edit", case.id, "--as", "ben", "--expires", until, "--reason", "a part", "amount_minor=2000")
    code, said = await typed.decision(*edit)
    assert code == 0, said
    assert "accepted: edit by ben" in said
    assert "It goes round once more" in said
    await case.until("waiting_for_approval", proposal="p2")
    code, said = await typed.decision("reject", case.id, "--as", "ben", "--json")
    assert (code, json.loads(said)) == (1, {"accepted": False, "reason": "reject needs a reason"})
    code, said = await typed.decision("reject", case.id, "--as", "ben", "--reason", "Nein: zu spät")
    assert code == 0, said
    assert (await case.outcome()).ending == "rejected"


async def test_a_digest_that_does_not_wait_is_the_desks_to_refuse(signing: Desk, typed: Typed) -> None:
    """No passphrase is asked for what cannot count."""
    case = await held_refund(signing)
    digest = ("--digest", "0" * 64)
    code, said = await typed.decision("approve", case.id, "--as", "ben", *digest, passphrase=None)
    assert code == 1
    assert "refused: names no action that waits here" in said


async def test_what_cannot_be_signed_is_one_sentence_and_sends_nothing(
    shell: Shell, signing: Desk, typed: Typed
) -> None:
    """A stranger, no key, the private half elsewhere, a revoked key, a wrong passphrase, none, an expiry that is none."""
    case = await held_refund(signing)
    stranger = await shell.starter("approve", case.id, "--as", "mallory")
    stranger.sentence(str(signing.settings.approvers_path), "mallory is not in it", "a signature")
    for more, passphrase, says in (
        (("cleo",), PASSPHRASE, "cleo has no key; make one with 'dispatch keys new cleo'"),
        (("dan",), PASSPHRASE, "the private half of dan's key SHA256:.*DISPATCH_KEYS_DIR"),
        (("rita",), PASSPHRASE, "rita has no key that counts: .* was revoked at"),
        (("ben",), "not this one, no", "the passphrase does not unlock .*/ben\\."),
        (("ben",), None, "no terminal to ask at; set DISPATCH_KEY_PASSPHRASE"),
        (("ben", "--expires", "2020-01-01T00:00:00Z"), PASSPHRASE, "this time is past"),
        (("ben", "--expires", "tomorrow"), PASSPHRASE, "no time with a time zone"),
        (("ben", "--expires", "2099-01-01T00:00:00"), PASSPHRASE, "no time with a time zone"),
    ):
        with pytest.raises(DispatchError, match=says):
            await typed.decision("approve", case.id, "--as", *more, passphrase=passphrase)
    assert [e for e in await case.trail() if e.kind in {EntryKind.REFUSED, EntryKind.DECISION}] == []


async def test_where_a_name_is_enough_a_signature_is_given_on_request(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is asked for a passphrase that is not due; with --sign it is used, and on record."""
    async with running_desk(client, tmp_path, quick) as desk:
        typed, store = Typed(desk, capsys), KeyStore(desk.settings.keys_path)
        ben = Approver(
            name="ben", full_name="Ben", roles=("refunds",), keys=(store.create("ben", PASSPHRASE),)
        )
        ApproversFile(desk.settings.approvers_path).write(Approvers(approvers=(ben,)))
        case = await held_refund(desk)
        code, said = await typed.decision(
            "edit", case.id, "--as", "ben", "amount_minor=2000", passphrase=None
        )
        assert code == 0, said
        assert "signed with" not in said
        await case.until("waiting_for_approval", proposal="p2")
        code, said = await typed.decision("approve", case.id, "--as", "ben", "--sign")
        assert code == 0, said
        assert f"signed with {ben.keys[0].key_id}" in said
        assert (await case.outcome()).ending == "done"


async def test_without_a_worker_a_decision_is_left_signed(
    signing: Desk, typed: Typed, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it is unknown whether a signature is required, an approver with a key signs and one without does not."""
    monkeypatch.setattr(gateway, "WORKER_TIMEOUT", timedelta(seconds=1))
    alone = signing.settings.model_copy(update={"task_queue": "nobody-listens"})
    submission = signing.written("Where is my order DD-10001?", sender="a@b.example")
    request_id = (await starter.submit(client, alone, submission)).request_id
    known = ("--proposal", "p1", "--digest", "0" * 64)
    said = await asyncio.gather(
        typed.decision("approve", request_id, "--as", "ben", "--json", *known),
        typed.decision("approve", request_id, "--as", "cleo", "--json", *known, passphrase=None),
    )
    assert [code for code, _ in said] == [0, 0]
    assert '{"accepted": null, "reason": "no worker answers now' in "".join(out for _, out in said)
    left = [
        Decision.model_validate_json(
            event.workflow_execution_signaled_event_attributes.input.payloads[0].data
        )
        async for event in client.get_workflow_handle(request_id).fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    by = {decision.approver: decision for decision in left}
    ben = ApproversFile(signing.settings.approvers_path).read().approvers[0]
    assert verify(ben.keys[0], by["ben"])
    assert by["cleo"].signature is None


async def test_a_key_is_made_shown_and_revoked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second key to rotate to, the first revoked and said so the second time; the approvers file stays as it is."""
    file = know_ana(settings)
    by_hand = file.path.read_bytes()
    assert await keys(settings, "new", "ana") == 0
    assert await keys(settings, "new", "ana", "--label", "laptop") == 0
    (ana,) = file.read().approvers
    assert sorted(path.name for path in file.keys.folder.iterdir()) == ["ana+laptop.pub", "ana.pub"]
    first, second = (key.key_id for key in ana.keys)
    capsys.readouterr()
    assert await keys(settings, "revoke", first) == 0
    assert "is revoked" in capsys.readouterr().out
    assert await keys(settings, "revoke", first) == 0
    assert "was revoked before, at" in capsys.readouterr().out
    assert await keys(settings, "show", "ana", "--json") == 0
    rows = {row["key_id"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows[first]["state"], rows[second]["state"]) == ("revoked", "valid")
    assert rows[second]["private_half_here"] is True
    assert await keys(settings, "show") == 0
    table = capsys.readouterr().out
    assert first in table
    assert second in table
    assert file.path.read_bytes() == by_hand


async def test_states_and_people_without_keys_are_shown(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """An expired key, one whose private half is elsewhere, a person who has none, and nobody at all."""
    assert await keys(settings, "show") == 0
    assert "has no people yet" in capsys.readouterr().out
    store = KeyStore(settings.keys_path)
    key = store.create("dan", PASSPHRASE).model_copy(update={"expires_at": datetime.now(UTC)})
    store.remove("dan", key.key_id)
    people = (Approver(name="dan", full_name="Dan", keys=(key,)), Approver(name="cleo", full_name="Cleo"))
    ApproversFile(settings.approvers_path).write(Approvers(approvers=people))
    assert await keys(settings, "show", "--json") == 0
    dan, cleo = json.loads(capsys.readouterr().out)
    assert (dan["state"], dan["private_half_here"]) == ("expired", False)
    assert (cleo["key_id"], cleo["state"]) == (None, None)
    assert await keys(settings, "show") == 0
    assert "not here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "error", "says"),
    [
        (("new", "ben"), ApproversError, "ben is not in it yet; add the person there first, such as"),
        (("new", "../ben"), ApproversError, "../ben is not in it yet"),
        (("new", "ana"), ApproversError, "ana has a key there, and none is overwritten; .*--label LABEL"),
        (("new", "ana", "--label", "../ben"), ApproversError, "'../ben' is no label"),
        (("show", "ben"), ApproversError, "ben is not in it"),
        (("revoke", "SHA256:abc"), ApproversError, "there is no key SHA256:abc"),
    ],
)
async def test_a_mistake_with_keys_is_one_sentence(
    settings: Settings, typed: tuple[str, ...], error: type[DispatchError], says: str
) -> None:
    """What is wrong and what to do; no key is left that nothing pins."""
    know_ana(settings, Signer("ana").key)
    with pytest.raises(error, match=says):
        await keys(settings, *typed)
    assert not list(settings.keys_path.glob("*"))


async def test_a_key_that_cannot_be_pinned_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short passphrase makes none; a key that appeared meanwhile keeps the private half out, too."""
    short = Settings(var_dir=tmp_path, key_passphrase=SecretStr("short"))
    file = know_ana(short)
    with pytest.raises(KeysError, match="at least 12"):
        await keys(short, "new", "ana")

    def meanwhile(*_: object, **__: object) -> str:
        file.keys.add(file.keys.path_of("ana"), Signer("ana").key)
        return PASSPHRASE

    monkeypatch.setattr("cli.keys.ask_passphrase", meanwhile)
    with pytest.raises(ApproversError, match="none is overwritten"):
        await keys(short, "new", "ana")
    assert not list(short.keys_path.glob("*.pem"))


async def test_at_a_terminal_the_passphrase_is_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    """What is typed does not appear; Ctrl-C at the prompt ends it with 130 and leaves nothing."""
    (code, seen), (stopped, _) = await asyncio.gather(
        at_terminal(tmp_path / "twice", f"{PASSPHRASE}\n", f"{PASSPHRASE}\n"),
        at_terminal(tmp_path / "stopped", "\x03"),
    )
    assert (code, stopped) == (0, 130), seen
    assert "belongs to ana; its public half is in" in seen
    assert PASSPHRASE not in seen
    assert len(KeyStore(tmp_path / "twice" / "keys").key_ids("ana")) == 1
    assert KeyStore(tmp_path / "stopped" / "keys").key_ids("ana") == ()


async def test_two_passphrases_that_differ_make_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip of the finger would lock the key forever."""
    answers = iter((PASSPHRASE, PASSPHRASE[:-1]))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    know_ana(Settings(var_dir=tmp_path))
    with pytest.raises(KeysError, match="the two passphrases differ; nothing was changed"):
        await keys(Settings(var_dir=tmp_path), "new", "ana")
    assert KeyStore(tmp_path / "keys").key_ids("ana") == ()


async def at_terminal(var: Path, *answers: str) -> tuple[int, str]:
    """Run `dispatch keys new` at a terminal of its own; gives the exit code and what the person saw."""
    know_ana(Settings(var_dir=var))
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli", "keys", "new", "ana"),
        cwd=ROOT,
        env=Shell({"DISPATCH_VAR_DIR": str(var)}).environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: os.login_tty(theirs),
    )
    os.close(theirs)
    seen = b""
    for prompt, answer in zip((b"passphrase of", b"once more"), answers, strict=False):
        while prompt not in seen:
            seen += await asyncio.to_thread(os.read, ours, 1000)
        os.write(ours, answer.encode())
    code = await process.wait()
    while chunk := await asyncio.to_thread(_rest, ours):
        seen += chunk
    os.close(ours)
    return code, seen.decode()


def _rest(terminal: int) -> bytes:
    """Read what is left at a terminal that nobody writes to any more; Linux tells the end by an error."""
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""


async def test_the_shell_is_told_what_may_follow(tmp_path: Path) -> None:
    """As argcomplete's own shell function asks: a command's options."""
    said = tmp_path / "said"
    line = "dispatch approve --ex"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(said),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    await Shell(asked).starter()
    assert "--expires" in said.read_text()
