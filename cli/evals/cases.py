"""The labelled cases of a desk's folder, for each of its roles."""

from pathlib import Path
from typing import Final

from cli.evals.roles import Cases
from dispatch.evals.roles import DRAFT_SHAPE, FIELDS_SHAPE, C, DraftCase, FieldsCase, read_role_cases
from dispatch.evals.understanding import Case, read_cases
from dispatch.models.errors import EvalsError
from dispatch.models.work.playbook import Playbook

EVALS: Final = "evals"


def cases_of(folder: Path, playbook: Playbook, problems: list[str]) -> Cases:
    """Return what there is of cases; a sentence for each that is wrong is put into `problems`."""
    home = folder / EVALS
    intents: list[tuple[str, Case]] = []
    for file in sorted(home.glob("*.jsonl")):
        read = read_cases(file.name, text_of(file), playbook.intents)
        intents += read.named
        problems += read.problems
    fields: list[tuple[str, FieldsCase]] = []
    for file in sorted((home / "fields").glob("*.jsonl")):
        fields += _role_cases(f"fields/{file.name}", file, FieldsCase, FIELDS_SHAPE, problems)
    for name, case in fields:
        problems += [
            f"{name}: the desk has no field {field!r}; a field is one of: {', '.join(playbook.fields)}"
            for field in case.fields
            if field not in playbook.fields
        ]
    drafts: dict[str, list[tuple[str, DraftCase]]] = {}
    for file in sorted((home / "review").glob("*.jsonl")):
        reviewer = file.stem.partition(".")[0]
        if reviewer not in playbook.review.reviewers:
            known = ", ".join(playbook.review.reviewers)
            problems.append(
                f"{file}: the desk has no reviewer {reviewer!r}; name the file after one of: {known}"
            )
            continue
        read_drafts = _role_cases(f"review/{file.name}", file, DraftCase, DRAFT_SHAPE, problems)
        drafts.setdefault(reviewer, []).extend(read_drafts)
    return Cases(intents, fields, drafts)


def _role_cases(name: str, file: Path, kind: type[C], shape: str, problems: list[str]) -> list[tuple[str, C]]:
    cases, wrong = read_role_cases(name, text_of(file), kind, shape)
    problems += wrong
    return cases


def text_of(file: Path) -> str:
    """Return a file of cases; raises EvalsError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise EvalsError(f"{file} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise EvalsError(
            f"{file} cannot be read: {error.strerror}; name a file of cases with --cases"
        ) from None
