"""`dispatch evals run NAME [--cases FILE.jsonl] [--json]`: measure how well a desk understands labelled texts.

A case is a line of JSON: `text`, `labels` (any is right) and `source`. A label is an intent of the desk, `other` (asks
for something that the desk has no intent for), `none` (asks for nothing) or `offtopic` (is nothing of this business).
Without --cases, those in the desk's folder `evals/` are read. `dispatch.evals.understanding.Figures` defines the figures.

Exit codes: 0 measured, 1 the desk or a case is wrong, each in a sentence, 2 there is no such desk or file.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cli.evals import compare, harvest
from cli.evals.cases import EVALS, text_of
from dispatch.evals.understanding import Case, Figures, confusion, figures_by_source, read_cases
from dispatch.models.errors import DeskFolderError, EvalsError
from runtime.desk_check import desk_alone, desk_at, errors_of, folders_of
from runtime.settings import Settings

_HEADS: Final = {
    "n": "cases",
    "in_scope": "in scope",
    "routed": "routed",
    "kind_right": "kind right",
    "routed_and_right": "routed and right",
    "wrong_kind": "wrong kind",
    "split": "split",
    "unaided": "handled unaided",
    "unaided_wrong": "unaided and wrong",
}


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `evals`."""
    parts = command.add_subparsers(dest="part", required=True)
    measured = parts.add_parser(
        "run", help="read labelled cases through a desk and print how many are right; nothing is sent"
    )
    measured.add_argument("name", nargs="?", metavar="NAME", help="the desk; left out with --dir")
    measured.add_argument(
        "--cases", type=Path, metavar="FILE.jsonl", help="cases instead of those in the desk's folder evals"
    )
    measured.add_argument("--dir", type=Path, metavar="DIR", help="the folder of a desk, wherever it lies")
    measured.add_argument("--json", action="store_true", help="for scripts")
    compare.add(parts)
    harvest.add(parts)


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one part; raises DeskFolderError, PlaybookError, EvalsError, AuditStoreError and SettingsError."""
    parts = {"compare": compare.compare, "diff": compare.diff, "harvest": harvest.run, "run": _measure}
    return await parts[arguments.part](arguments, settings)


async def _measure(arguments: argparse.Namespace, settings: Settings) -> int:
    # Imported here: it needs the worker and everything below it, which naming what is wrong does not.
    from cli.evals.reading import read_all  # noqa: PLC0415 (starts servers and workers)

    folders = folders_of(settings, arguments.dir)
    name = desk_at(arguments.dir)[0] if arguments.dir is not None else arguments.name
    if name is None:
        raise DeskFolderError("name the desk to measure, or its folder with --dir")
    problems = errors_of(settings, folders, name)
    if problems:
        return _refuse(problems)
    loaded = desk_alone(settings, folders, name)
    intents = tuple(loaded.playbooks.by_desk[name].playbook.intents)
    cases: list[Case] = []
    for file in [arguments.cases] if arguments.cases is not None else _files_of(folders[name]):
        read = read_cases(str(file), text_of(file), intents)
        cases += read.cases
        problems += read.problems
    if problems:
        return _refuse(problems)
    pairs = list(zip(cases, await read_all(name, loaded, cases), strict=True))
    figures = figures_by_source(pairs, intents)
    if arguments.json:
        print(json.dumps({"sources": {source: one.as_json() for source, one in figures.items()}}))
        return 0
    _print_figures(figures)
    _print_confusion(confusion(pairs))
    return 0


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1


def _files_of(folder: Path) -> list[Path]:
    files = sorted((folder / EVALS).glob("*.jsonl"))
    if not files:
        raise EvalsError(
            f"{folder / EVALS}: there are no cases (*.jsonl); write some, or name a file with --cases"
        )
    return files


def _print_figures(figures: Mapping[str, Figures]) -> None:
    width = max(map(len, ("source", *figures)))
    print("  ".join(["source".ljust(width), *_HEADS.values()]))
    for source, one in figures.items():
        cells = (str(number).rjust(len(_HEADS[name])) for name, number in one.as_json().items())
        print("  ".join([source.ljust(width), *cells]))


def _print_confusion(table: Mapping[str, Mapping[str, int]]) -> None:
    width = max(map(len, table), default=0)
    print("\nlabel: what the desk made of it")
    for label, made in table.items():
        cells = ", ".join(f"{kind} {number}" for kind, number in made.items())
        print(f"{label.rjust(width)}: {cells}")
