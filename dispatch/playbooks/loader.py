"""Reads a folder of playbooks, and refuses each error with one sentence."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dispatch.models.canonical import canonical_form, canonical_json, digest_of
from dispatch.models.contract import Contract
from dispatch.models.errors import PlaybookError
from dispatch.models.work import playbook as contracts
from dispatch.models.work.examples import Examples
from dispatch.models.work.playbook import Playbook, PlaybookInForce, PlaybookRef, Reception
from dispatch.playbooks.calendar_checks import timing_problems
from dispatch.playbooks.checks import problems_of
from dispatch.playbooks.order_checks import order_problems
from dispatch.playbooks.strict_yaml import read_yaml

RECEPTION: Final = "reception"
RECEPTION_FILE: Final = f"{RECEPTION}.yaml"
PLAYBOOK_FILE: Final = "playbook.yaml"

_KNOWN_FIELDS: Final = sorted(
    {
        field
        for kind in vars(contracts).values()
        if isinstance(kind, type) and issubclass(kind, Contract)
        for field in kind.model_fields
    }
)

M = TypeVar("M", bound=Contract)


@dataclass(frozen=True)
class Playbooks:
    """The current playbooks by desk, who routes requests that none of them fits, and the examples of the classifiers."""

    by_desk: dict[str, PlaybookInForce]
    reception: Reception
    files: Mapping[str, Path]
    examples: Mapping[str, Examples] = field(default_factory=dict)


def load_playbooks(folder: Path) -> Playbooks:
    """Load every <desk>.yaml of a folder and its reception.yaml; raises PlaybookError as `load_files` does."""
    files = playbooks_in(folder)
    reception = files.pop(RECEPTION, folder / RECEPTION_FILE)
    if not files:
        raise PlaybookError(str(folder), "", "it holds no playbook", "Add a <desk>.yaml.")
    return in_order(load_files(files, reception))


def in_order(playbooks: Playbooks) -> Playbooks:
    """Return the playbooks of all desks that there are; raises PlaybookError where `routing.after` cannot hold among them."""
    for desk, *problem in order_problems({name: one.playbook for name, one in playbooks.by_desk.items()}):
        raise PlaybookError(str(playbooks.files[desk]), *problem)
    return playbooks


def load_files(files: Mapping[str, Path], reception: Path) -> Playbooks:
    """Load the playbook of each desk, by its name, and the reception's.

    Raises PlaybookError for the first thing that does not hold: file, path in it (`plan.groups[1][0]`), problem,
    remedy. Whether the named specialists, reviewers and actions exist is the catalogue's to check.
    """
    receiving = read_reception(reception)
    return Playbooks(
        by_desk={desk: _load_desk(desk, file) for desk, file in sorted(files.items())},
        reception=receiving,
        files=dict(files),
    )


def read_reception(file: Path) -> Reception:
    """Return who routes requests without a desk; raises PlaybookError."""
    if not file.exists():
        raise PlaybookError(
            str(file), "", "there is no such file", "Add it; it says who routes what no desk fits."
        )
    reception = validated_file(file, Reception)
    for path, problem, remedy in timing_problems("routing", reception.routing, None):
        raise PlaybookError(str(file), path, problem, remedy)
    return reception


def playbooks_in(folder: Path) -> dict[str, Path]:
    """Return every <desk>.yaml of a folder by its stem, `reception` included; raises PlaybookError."""
    if not folder.is_dir():
        raise PlaybookError(
            str(folder), "", "there is no such folder", "Create it, or correct DISPATCH_PLAYBOOKS_DIR."
        )
    files = sorted(
        f for f in folder.iterdir() if f.suffix in {".yaml", ".yml"} and not f.name.startswith(".")
    )
    for file in files:
        if file.suffix == ".yml":
            raise PlaybookError(
                str(file), "", "it ends in .yml and would be passed over", "Rename it to .yaml."
            )
    return {file.stem: file for file in files}


def survey_playbook(desk: str, file: Path) -> tuple[Playbook | None, list[PlaybookError]]:
    """Read a desk's playbook and return all errors, whereas a worker stops at the first.

    The playbook is None where its fields are not valid each on its own.
    """
    playbook, problems = survey_file(file, Playbook)
    return playbook, problems if playbook is None else list(_errors_in(desk, file, playbook))


def survey_file(file: Path, kind: type[M]) -> tuple[M | None, list[PlaybookError]]:
    """Return a file's content as a contract, or None and a problem for each field that is not valid."""
    try:
        content = _mapping_in(file)
    except PlaybookError as error:
        return None, [error]
    try:
        return kind.model_validate(content), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, [PlaybookError(str(file), *_told(one)) for one in found]


def _load_desk(desk: str, file: Path) -> PlaybookInForce:
    playbook = validated_file(file, Playbook)
    for error in _errors_in(desk, file, playbook):
        raise error
    return PlaybookInForce(
        ref=PlaybookRef(desk=playbook.desk, version=playbook.version, digest=digest_of(playbook)),
        playbook=playbook,
    )


def _errors_in(desk: str, file: Path, playbook: Playbook) -> Iterator[PlaybookError]:
    """Yield the inconsistencies between the parts of a playbook, and between it and its file."""
    if playbook.desk != desk:
        place = f"folder {file.parent.name!r}" if file.name == PLAYBOOK_FILE else f"file {file.name!r}"
        yield PlaybookError(
            str(file),
            "desk",
            f"the desk is called {playbook.desk!r} and its {place}",
            f"Rename the {place.split(maxsplit=1)[0]} after the desk, or correct the desk.",
        )
    for problem in problems_of(playbook):
        yield PlaybookError(str(file), *problem)
    try:
        canonical_json(
            canonical_form(playbook)
        ).encode()  # history holds it, and UTF-8 has no half of a character
        digest_of(playbook)
    except ValueError:
        yield PlaybookError(
            str(file),
            "",
            "it holds a number or text that JSON cannot",
            "Remove .inf, .nan and lone surrogates.",
        )


def _mapping_in(file: Path) -> dict[str, Any]:
    content = read_yaml(file)
    if not isinstance(content, dict):
        found = "empty" if content is None else f"a {_plain_kind(content)}"
        raise PlaybookError(
            str(file), "", f"it is {found} and no mapping", "Write 'field: value' lines at the top."
        )
    return content


def validated_file(file: Path, kind: type[M]) -> M:
    """Return a file's content as a contract; raises PlaybookError for the first thing that does not hold."""
    content = _mapping_in(file)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        path, problem, remedy = _told(errors[0])
        more = len(errors) - 1
        also = (
            f" {more} more {'problem follows' if more == 1 else 'problems follow'} after it." if more else ""
        )
        raise PlaybookError(str(file), path, problem, remedy + also) from None


def _plain_kind(value: Any) -> str:
    return {list: "list", str: "text", int: "number", float: "number", bool: "yes or no"}.get(
        type(value), "value"
    )


def path_in_file(parts: Iterable[int | str]) -> str:
    """Write a place as `plan.groups[1][0]`."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]":
            text += f".{part}" if text else part
    return text


def problem_of(error: ErrorDetails) -> str:
    """Return what is wrong: in a validator's own words, where one raised it, else in pydantic's."""
    raised = error.get("ctx", {}).get("error")
    return str(raised) if isinstance(raised, ValueError) else error["msg"]


def _told(error: ErrorDetails) -> tuple[str, str, str]:
    path, kind = path_in_file(error["loc"]), error["type"]
    message = problem_of(error)
    if kind == "extra_forbidden":
        name = str(error["loc"][-1])
        close = difflib.get_close_matches(name, _KNOWN_FIELDS, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        return path, f"the field {name!r} is unknown", f"{hint}Remove it or correct its spelling."
    if kind == "missing":
        return path, "it is missing", "Add it."
    if kind == "string_pattern_mismatch":
        return path, f"{error['input']!r} does not have the right form: {message}", "Correct it."
    if kind == "value_error":
        return path, message, "Correct it."
    return path, f"{message}, and it is {str(error['input'])[:60]!r}", "Correct the value."
