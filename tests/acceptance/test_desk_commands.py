"""`dispatch desk`: check, begin and try a desk that lies outside this checkout."""

import shutil
from pathlib import Path

import pytest
import yaml

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
