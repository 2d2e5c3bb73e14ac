"""Planted defects and calibration: a desk's own rules, measured by its own cases and by texts that people wrote."""

import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands import run as main
from dispatch.evals.planted import PlantedCase, measure

PLANTED = '''"""Cases of a desk that knows one word."""

from collections.abc import Iterator

from dispatch.evals.planted import PlantedCase


def cases(seed: int) -> Iterator[PlantedCase]:
    yield PlantedCase(case_id=f"a-{seed}", planted="words", data={"text": "utilise it"})
    yield PlantedCase(case_id="b", planted="words", data={"text": "use it"})
    yield PlantedCase(case_id="c", planted="", data={"text": "utilise this"})
    yield PlantedCase(case_id="d", planted="", data={"text": "use that"})


def judge(case: PlantedCase) -> tuple[str, ...]:
    return ("words",) if "utilise" in str(case.data["text"]) else ()
'''
CALIBRATE = '''"""The same word in published texts."""

from dispatch.models.errors import SubmissionError


def judge_text(name: str, data: bytes) -> tuple[str, ...]:
    if name.endswith(".bin"):
        raise SubmissionError("this is no text; give one in UTF-8")
    return ("words",) * data.count(b"utilise")
'''


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Write a copy of the helpdesk with rules of its own to measure, in a folder of one's own."""
    name = "planted_" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:10]
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("DISPATCH_VAR_DIR", str(tmp_path / "var"))
    assert main(["desk", "new", name, "--in", str(tmp_path / "own"), "--from", "helpdesk"]) == 0
    evals = tmp_path / "own" / name / "evals"
    evals.mkdir(exist_ok=True)
    (evals / "planted.py").write_text(PLANTED, encoding="utf-8")
    (evals / "calibrate.py").write_text(CALIBRATE, encoding="utf-8")
    monkeypatch.setenv("DISPATCH_DESKS_DIR", str(tmp_path / "own"))
    yield name
    for module in [m for m in sys.modules if m.startswith(f"desks.{name}")]:
        del sys.modules[module]


def test_a_defect_counts_as_found_by_its_own_rule_alone() -> None:
    """Another rule's alarm on a planted case finds nothing; any alarm on a clean case is a false one."""
    cases = [
        PlantedCase(case_id="1", planted="a"),
        PlantedCase(case_id="2", planted="b"),
        PlantedCase(case_id="3", planted=""),
        PlantedCase(case_id="4", planted=""),
    ]
    flags = {"1": ("a", "c"), "2": ("a",), "3": ("c", "c"), "4": ()}
    found = measure(cases, lambda case: flags[case.case_id])
    assert (found.planted, found.found, found.clean, found.false_alarms) == (2, 1, 2, 1)
    assert found.missed == ("2: b",)
    assert found.alarmed == ("3: c",)


def test_compare_measures_what_a_desk_plants(
    desk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures are printed with the cases that went wrong, and stand in latest.json and on the page."""
    capsys.readouterr()
    assert main(["evals", "compare", desk, "--limit", "1"]) == 0
    printed = capsys.readouterr().out
    assert f"{desk}: 2 planted, 1 found; 2 clean, 1 false alarms" in printed
    assert "b: words" in printed
    latest = json.loads((tmp_path / "var" / "evals" / "latest.json").read_text(encoding="utf-8"))
    figures = latest["planted"][desk]
    assert {name: figures[name] for name in ("planted", "found", "clean", "false_alarms")} == {
        "planted": 2,
        "found": 1,
        "clean": 2,
        "false_alarms": 1,
    }
    assert "flagged though clean (1)" in (tmp_path / "var" / "evals" / "latest.html").read_text(
        encoding="utf-8"
    )


def test_calibrate_names_the_noisiest_rules(
    desk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many alarms each rule raised in how many texts; a file that is none is named and costs nothing else."""
    published = tmp_path / "published"
    (published / "more").mkdir(parents=True)
    (published / "a.txt").write_text("utilise and utilise", encoding="utf-8")
    (published / "more" / "b.txt").write_text("use", encoding="utf-8")
    (published / "c.bin").write_bytes(b"\0")
    capsys.readouterr()
    assert main(["desk", "calibrate", desk, str(published)]) == 0
    said = capsys.readouterr()
    assert "2 texts, 2 alarms; of one text 1 in the median, 2 at most" in said.out
    assert "2 alarms in     1 texts  words" in said.out
    assert "c.bin: this is no text" in said.err


def test_what_cannot_be_calibrated_is_said_in_a_sentence(
    desk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A desk without such rules, a folder that is none, and one without any text."""
    capsys.readouterr()
    assert main(["desk", "calibrate", "support", str(tmp_path)]) != 0
    assert "nothing to calibrate; write evals/calibrate.py" in capsys.readouterr().err
    assert main(["desk", "calibrate", desk, str(tmp_path / "nowhere")]) != 0
    assert "is no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["desk", "calibrate", desk, str(tmp_path / "empty")]) == 1
    assert "no text could be read" in capsys.readouterr().err
