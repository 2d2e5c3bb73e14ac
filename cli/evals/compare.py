"""`dispatch evals compare [NAME ...]`: each role of a desk by each of its backends, side by side.

The cases stand in the desk's folder: `evals/*.jsonl` for intents, `evals/fields/*.jsonl` for fields, and
`evals/review/<reviewer>*.jsonl` for a reviewer's drafts. A desk with `evals/planted.py` plants defects, and is measured by
how many its rules find and how many clean cases they flag. Every run is kept as JSON in `var/evals/runs/`; `latest.json` and `latest.html` are the
last one. `dispatch evals diff [BEFORE [AFTER]]` tells which cases two runs decided otherwise.

Exit codes: 0 measured, 1 a desk or a case is wrong, each in a sentence, 2 there is no such desk, run or model.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from cli.evals.cases import cases_of
from cli.evals.planted import figures_of
from cli.evals.roles import measure_roles
from devstack.local_model.demo import LocalModel
from devstack.local_model.roles import MODEL as LOCAL
from dispatch.evals.roles import Change, EvalRun, Judged, Measured, Verdict, changes
from dispatch.models.errors import EvalsError
from dispatch.models.work.model_use import costs_in_words
from runtime.desk_check import desk_alone, errors_of, folders_of
from runtime.language_models.models import models_of
from runtime.settings import Settings

_FOLDER: Final = "evals"
_LATEST: Final = "latest.json"
_SHOWN: Final = 30
_WIDTH: Final = 110


def add(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `compare` and `diff`."""
    compared = parts.add_parser(
        "compare", help="measure each role of desks by each of its backends; nothing is sent"
    )
    compared.add_argument("names", nargs="*", metavar="NAME", help="desks; left out, all that have cases")
    compared.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="a model of models.yaml as well"
    )
    compared.add_argument(
        "--limit", type=int, metavar="N", help="the first N cases of each role, for a slow model"
    )
    compared.add_argument("--json", action="store_true", help="for scripts")
    differing = parts.add_parser("diff", help="which cases two runs of compare decided otherwise")
    differing.add_argument(
        "before", nargs="?", type=Path, metavar="BEFORE", help="left out, the last but one"
    )
    differing.add_argument("after", nargs="?", type=Path, metavar="AFTER", help="left out, the last")


async def compare(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure and print; raises DeskFolderError, PlaybookError, EvalsError and SettingsError."""
    folders = folders_of(settings)
    names = arguments.names or [name for name, folder in folders.items() if (folder / _FOLDER).is_dir()]
    problems = [problem for name in names for problem in errors_of(settings, folders, name)]
    desks: dict[str, dict[str, dict[str, Measured]]] = {}
    if not problems:
        loaded = {name: desk_alone(settings, folders, name) for name in names}
        cases = {
            name: cases_of(folders[name], loaded[name].playbooks.by_desk[name].playbook, problems)
            for name in names
        }
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    async with AsyncExitStack() as stack:
        asked = await _with_local_model(settings, folders, arguments.model, stack)
        for name in names:
            chosen = cases[name].first(arguments.limit)
            desks[name] = await measure_roles(name, loaded[name], chosen, asked, folders, arguments.model)
    planted = {name: found for name in names if (found := figures_of(folders, name)) is not None}
    run = EvalRun(at=datetime.now(UTC), desks=desks, planted=planted)
    place = _keep(settings.var_dir / _FOLDER, run)
    if arguments.json:
        print(run.model_dump_json())
        return 0
    _print(run)
    print(f"written to {place / _LATEST} and {place / 'latest.html'}")
    return 0


async def _with_local_model(
    settings: Settings, folders: Mapping[str, Path], models: Sequence[str], stack: AsyncExitStack
) -> Settings:
    """Start the tiny model of the demo where it is asked for and no file has one of its name; return the settings with it."""
    if LOCAL not in models or LOCAL in models_of(settings):
        return settings
    local = LocalModel(settings, folders)
    file = Path(local.environment()["DISPATCH_MODELS_FILE"])
    await stack.enter_async_context(local.program())
    return settings.model_copy(update={"models_file": file})


async def diff(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what two runs decided otherwise. Raises EvalsError where there are not two."""
    runs = sorted((settings.var_dir / _FOLDER / "runs").glob("*.json"))
    before, after = arguments.before, arguments.after
    needed = (before is None) + (after is None)
    if len(runs) < needed:
        raise EvalsError(
            f"{settings.var_dir / _FOLDER / 'runs'}: there are not two runs; run 'dispatch evals compare' twice"
        )
    earlier = _read(before if before is not None else runs[-2])
    later = _read(after if after is not None else runs[-1])
    found = changes(earlier, later)
    print(
        f"{earlier.at:%Y-%m-%d %H:%M} -> {later.at:%Y-%m-%d %H:%M}: {len(found)} cases were decided otherwise"
    )
    for one in found:
        print(f"  {_line(one)}")
    return 0


def _keep(place: Path, run: EvalRun) -> Path:
    runs = place / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    content = run.model_dump_json(indent=1)
    (runs / f"{run.at:%Y%m%dT%H%M%S%f}.json").write_text(content, encoding="utf-8")
    (place / _LATEST).write_text(content, encoding="utf-8")
    (place / "latest.html").write_text(page_of(run), encoding="utf-8")
    return place


def _read(file: Path) -> EvalRun:
    try:
        return EvalRun.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvalsError(
            f"{file} cannot be read: {error.strerror}; name a run of 'dispatch evals compare'"
        ) from None
    except ValueError:
        raise EvalsError(
            f"{file} is no run of 'dispatch evals compare'; name one of var/evals/runs"
        ) from None


def _line(one: Change) -> str:
    return f"{one.desk} {one.role} by {one.backend}: {one.was} -> {one.now}: {one.case}: {one.text}"


def _print(run: EvalRun) -> None:
    table = Table(
        "desk",
        "role",
        "backend",
        "cases",
        "right",
        "wrong",
        "person",
        "ms a case",
        "tokens",
        "cost",
        "fell back",
    )
    for desk, roles in run.desks.items():
        for role, backends in roles.items():
            for backend, one in backends.items():
                table.add_row(desk, role, backend, *_cells(one))
    console = Console()
    console.width = max(console.width, _WIDTH)
    console.print(table)
    for desk, found in run.planted.items():
        print(
            f"\n{desk}: {found.planted} planted, {found.found} found; {found.clean} clean, {found.false_alarms} false alarms"
        )
        for line in (*found.missed[:_SHOWN], *found.alarmed[:_SHOWN]):
            print(f"  {line}")
    for title, misses in _misses(run):
        console.print(f"\n{title}", highlight=False)
        for miss in misses[:_SHOWN]:
            print(f"  {miss.case}: {miss.got} for {miss.expected}: {miss.text}")
        if len(misses) > _SHOWN:
            print(f"  and {len(misses) - _SHOWN} more in latest.html")


def _misses(run: EvalRun) -> list[tuple[str, list[Judged]]]:
    return [
        (f"{desk}, {role} by {backend}: wrong", wrong)
        for desk, roles in run.desks.items()
        for role, backends in roles.items()
        for backend, one in backends.items()
        if (wrong := [case for case in one.cases if case.verdict is Verdict.WRONG])
    ]


def _cells(one: Measured) -> Sequence[str]:
    return (
        str(len(one.cases)),
        *(str(one.number(verdict)) for verdict in (Verdict.RIGHT, Verdict.WRONG, Verdict.PERSON)),
        f"{1000 * one.seconds / max(1, len(one.cases)):.1f}",
        str(one.tokens or ""),
        costs_in_words(one.cost_micros),
        str(one.fell_back or ""),
    )


def page_of(run: EvalRun) -> str:
    """Return the run as one HTML file: styles and plots inside, no script, all that customers wrote escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"cells": _cells, "verdicts": list(Verdict)}
    return environment.get_template("evals.html").render(run=run)
