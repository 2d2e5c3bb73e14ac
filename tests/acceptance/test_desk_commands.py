"""`dispatch desk`: check, begin and try a desk that lies outside this checkout."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from dispatch.evals.understanding import Figures
from tests.acceptance.shell import Shell


@pytest.fixture
def typed(tmp_path: Path) -> Shell:
    return Shell({"DISPATCH_VAR_DIR": str(tmp_path / "var")})


@pytest.fixture
async def begun(typed: Shell, tmp_path: Path) -> Path:
    """Write a desk with `desk new`."""
    (await typed.starter("desk", "new", "boat_hire", "--in", tmp_path)).words("desk check --dir")
    return tmp_path / "boat_hire"


def _code_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.py"))


async def test_a_new_desk_is_accepted(typed: Shell, begun: Path) -> None:
    """What `desk new` writes holds, by its folder and by DISPATCH_DESKS_DIR, and needs no code."""
    (await typed.starter("desk", "check", "--dir", begun)).words("boat_hire: nothing is wrong")
    beside = typed.but(DISPATCH_DESKS_DIR=str(begun.parent))
    (await beside.starter("desk", "check")).words("boat_hire: nothing is wrong", "support: nothing is wrong")
    assert not _code_in(begun)


async def test_a_desk_without_code_is_copied(typed: Shell, tmp_path: Path) -> None:
    """`--from` copies every file of a desk under another name, which is accepted as it is."""
    said = await typed.starter("desk", "new", "it_support", "--from", "helpdesk", "--in", tmp_path)
    said.words("desk check --dir", "samples/01-own-password.eml")
    copied = tmp_path / "it_support"
    assert {path.name for path in copied.iterdir()} >= {"playbook.yaml", "systems.yaml", "examples.yaml"}
    (await typed.starter("desk", "check", "--dir", copied)).words("it_support: nothing is wrong")


async def test_a_desk_with_code_is_not_copied(typed: Shell, tmp_path: Path) -> None:
    """Its classes may exist only once; the sentence names a desk that can be copied, and nothing is written."""
    said = await typed.starter("desk", "new", "mine", "--from", "support", "--in", tmp_path)
    assert "holds code" in said.sentence()
    assert (
        "no desk 'nowhere'"
        in (await typed.starter("desk", "new", "mine", "--from", "nowhere", "--in", tmp_path)).sentence()
    )
    assert not (tmp_path / "mine").exists()


async def test_all_that_is_wrong_is_said_at_once(typed: Shell, begun: Path) -> None:
    """Playbook, code, and one against the other: a sentence each, and the code 1."""
    file = begun / "playbook.yaml"
    playbook = yaml.safe_load(file.read_text(encoding="utf-8"))
    playbook["plan"]["groups"] = [["nobody_known"]]
    playbook["guardian"]["actions"]["ring_the_bell"] = {"tier": "medium"}
    file.write_text(yaml.safe_dump(playbook), encoding="utf-8")
    (begun / "specialists").mkdir()
    (begun / "specialists" / "tides.py").write_text("class Tide:\n    pass\n", encoding="utf-8")
    said = await typed.starter("desk", "check", "--dir", begun)
    lines = said.out.splitlines()
    assert said.code == 1
    assert len(lines) == len(set(lines)) == 3
    for part in ("nobody_known", "ring_the_bell", "name it Tides"):
        assert any(part in line for line in lines), part


async def test_every_field_that_is_wrong_is_said(typed: Shell, begun: Path) -> None:
    """A worker says the first and counts the rest; the check says each."""
    file = begun / "playbook.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("version: 1.0.0", "versoin: 1.0.0"), encoding="utf-8")
    said = await typed.starter("desk", "check", "--dir", begun)
    assert (said.code, len(said.out.splitlines())) == (1, 2)
    assert "Did you mean 'version'?" in said.out


async def test_yaml_that_cannot_be_read_is_one_sentence(typed: Shell, begun: Path) -> None:
    """With the line."""
    (begun / "playbook.yaml").write_text("desk: [boat_hire\n", encoding="utf-8")
    said = await typed.starter("desk", "check", "--dir", begun)
    assert said.code == 1
    assert "it is not YAML" in said.out
    assert "line 2" in said.out


async def test_another_desk_does_not_count(typed: Shell, begun: Path) -> None:
    """What is wrong with a desk beside it is not said of this one."""
    other = begun.parent / "harbour"
    shutil.copytree(begun, other)
    (other / "specialists").mkdir()
    (other / "specialists" / "tides.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    beside = typed.but(DISPATCH_DESKS_DIR=str(begun.parent))
    (await beside.starter("desk", "check", "boat_hire")).words("boat_hire: nothing is wrong")
    assert (await beside.starter("desk", "check", "harbour")).code == 1


async def test_what_cannot_be_a_desk_is_refused(typed: Shell, begun: Path) -> None:
    """One sentence, the code 2, and nothing is written."""
    home = begun.parent
    (await typed.starter("desk", "new", "Boats", "--in", home)).sentence("'Boats' cannot be a desk's name")
    (await typed.starter("desk", "new", "boat_hire", "--in", home)).sentence("it exists already")
    (await typed.starter("desk", "new", "boats", "--in", home / "none")).sentence("there is no such folder")
    (await typed.starter("desk", "check", "boats")).sentence("there is no desk 'boats'")
    (await typed.starter("desk", "check", "--dir", home)).sentence("it holds no playbook.yaml")
    (await typed.starter("desk", "try", "--dir", begun, home / "none.json")).sentence("there is no file")
    assert not (home / "boats").exists()
    assert not (home / "Boats").exists()


@pytest.mark.timeout(300)
async def test_a_trial_shows_what_would_be_done(typed: Shell, begun: Path) -> None:
    """The sample goes through the new desk up to its reply, which is shown and not sent."""
    said = await typed.starter("desk", "try", "--dir", begun, begun / "samples" / "question.json")
    said.words(
        "routed to boat_hire",
        "it awaits a decision: send_reply on reply",
        "would be done, once nothing holds it: send_reply on reply",
        "This is the answer of the desk boat_hire.",
        "nothing was sent and nothing was done",
    )


@pytest.mark.timeout(300)
async def test_a_trial_for_scripts_prints_one_object(typed: Shell, begun: Path) -> None:
    """Of exactly this shape, with the tier at which the guardian holds the reply."""
    said = await typed.starter("desk", "try", "--dir", begun, begun / "samples" / "question.json", "--json")
    assert said.code == 0, str(said)
    result = json.loads(said.out)
    assert list(result) == ["requester", "automatic", "language", "routed", "items", "actions", "ending"]
    assert (result["routed"], result["ending"]) == ("boat_hire", "person")
    assert {item["intent"] for item in result["items"]} == {"example_question"}
    assert [(one["name"], one["tier"]) for one in result["actions"]] == [("send_reply", "medium")]


async def test_what_the_door_refuses_is_told_to_scripts_too(typed: Shell, begun: Path) -> None:
    """The ending is in the object, the sentence on stderr, and the code is 2; a missing file is no mail at all."""
    file = begun.parent / "empty.json"
    file.write_text('{"from": "sam@mail.example", "text": ""}', encoding="utf-8")
    said = await typed.starter("desk", "try", "--dir", begun, file, "--json")
    said.sentence("'text' says nothing")
    assert json.loads(said.out)["ending"] == "refused"
    assert not (await typed.starter("desk", "try", "--dir", begun, begun / "none.json", "--json")).out


@pytest.mark.timeout(300)
async def test_evals_measure_a_desk(typed: Shell, begun: Path) -> None:
    """The desk's own cases by default; figures by source for people and scripts, and what was made of each label."""
    (begun / "evals").mkdir()
    cases = [
        ("Please answer my example question.", ["example_question"], "mail:polite"),
        ("Could you rent me a bicycle?", ["other"], "mail"),
        ("Thanks for the boat hire, it was no example question.", ["none"], "chat"),
    ]
    lines = [json.dumps({"text": text, "labels": labels, "source": source}) for text, labels, source in cases]
    (begun / "evals" / "own.jsonl").write_text("\n".join(lines), encoding="utf-8")
    playbook = begun / "playbook.yaml"
    text = playbook.read_text(encoding="utf-8")
    playbook.write_text(text.replace("send_reply: {tier: medium", "send_reply: {tier: low"), encoding="utf-8")
    said = await typed.starter("evals", "run", "--dir", begun, "--json")
    assert said.code == 0, str(said)
    chat = {"n": 1, "routed": 1, "wrong_kind": 1, "unaided": 1, "unaided_wrong": 1}
    mail = {"n": 2, "in_scope": 1, "routed": 1, "kind_right": 1, "routed_and_right": 1, "unaided": 1}
    assert json.loads(said.out) == {
        "sources": {"chat": Figures(**chat).as_json(), "mail": Figures(**mail).as_json()}
    }
    shown = await typed.starter("evals", "run", "--dir", begun, "--cases", begun / "evals" / "own.jsonl")
    shown.words("unaided and wrong", "none: example_question 1", "other: not routed 1")


async def test_wrong_cases_are_told_before_anything_is_measured(typed: Shell, begun: Path) -> None:
    """Each line in a sentence with the code 1; no file, no folder and no desk with the code 2."""
    file = begun.parent / "cases.jsonl"
    file.write_text('{"text": "hello"}\n[]\n', encoding="utf-8")
    said = await typed.starter("evals", "run", "--dir", begun, "--cases", file)
    assert (said.code, said.out) == (1, "")
    lines = said.err.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{file}, line 1", f"{file}, line 2"]
    (await typed.starter("evals", "run", "--dir", begun)).sentence("there are no cases")
    (await typed.starter("evals", "run", "--dir", begun, "--cases", begun / "no.jsonl")).sentence(
        "cannot be read"
    )
    (await typed.starter("evals", "run", "boats")).sentence("there is no desk 'boats'")
    (await typed.starter("evals", "run")).sentence("name the desk to measure")
