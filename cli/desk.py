"""`dispatch desk`: check, begin and try a desk, whether it is shipped or lies in a folder of one's own.

    dispatch desk check [NAME | --dir DIR]
    dispatch desk new NAME --in DIR [--from DESK]
    dispatch desk try NAME FILE [--dir DIR] [--json]
    dispatch desk calibrate NAME FOLDER

`check` also tells what each role that thinks runs on. Exit codes: 0 nothing is wrong, 1 something is, each in a sentence, 2 there is no such desk.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path
from string import Template
from typing import Final

from cli.evals.planted import calibrate
from dispatch.models.errors import DeskFolderError
from dispatch.playbooks.desk_folders import DESK_NAME
from dispatch.playbooks.loader import PLAYBOOK_FILE
from runtime.desk_check import desk_alone, desk_at, errors_of, folders_of
from runtime.language_models.desk_backends import backends_of
from runtime.settings import Settings

TEMPLATE: Final = Path(__file__).parent / "desk_template"
"""The files of a new desk; $desk and $words stand for its name."""


def add(desk: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `desk`."""
    parts = desk.add_subparsers(dest="part", required=True)
    check = parts.add_parser(
        "check", help="say everything that is wrong with a desk; without a name, with any"
    )
    which = check.add_mutually_exclusive_group()
    which.add_argument(
        "name", nargs="?", metavar="NAME", help="a desk that is shipped or in DISPATCH_DESKS_DIR"
    )
    _add_dir(which)
    new = parts.add_parser("new", help="write a minimal desk to begin with, or a copy of one without code")
    new.add_argument("name", metavar="NAME", help="small letters and _")
    new.add_argument(
        "--in", dest="parent", type=Path, required=True, metavar="DIR", help="your folder of desks"
    )
    new.add_argument(
        "--from", dest="source", metavar="DESK", help="a desk to copy, such as helpdesk; it holds no code"
    )
    trial = parts.add_parser(
        "try",
        help="run one request through a desk on a server of its own, and print the trail; nothing is sent",
    )
    trial.add_argument("name", nargs="?", metavar="NAME", help="the desk; left out with --dir")
    trial.add_argument("file", type=Path, metavar="FILE", help=".eml or .json")
    calibrated = parts.add_parser(
        "calibrate", help="run a desk's rules over published texts, and print which of them raise most alarms"
    )
    calibrated.add_argument("name", metavar="NAME", help="the desk")
    calibrated.add_argument("folder", type=Path, metavar="FOLDER", help="of texts that are known to be good")
    _add_dir(trial)
    trial.add_argument("--json", action="store_true", help="for scripts: what would be done, as it comes in")


def _add_dir(command: "argparse._ActionsContainer") -> None:
    command.add_argument("--dir", type=Path, metavar="DIR", help="the folder of a desk, wherever it lies")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; raises DeskFolderError, PlaybookError, EvalsError and CatalogueError."""
    if arguments.part == "calibrate":
        return calibrate(arguments, settings)
    if arguments.part == "new":
        return _new(settings, arguments.name, arguments.parent, arguments.source)
    if arguments.part == "check":
        return _check(settings, arguments.name, arguments.dir)
    return await _try(settings, arguments)


def _check(settings: Settings, name: str | None, own: Path | None) -> int:
    folders = folders_of(settings, own)
    if own is not None:
        name, _ = desk_at(own)
    wrong = 0
    for desk in [name] if name is not None else list(folders):
        sentences = errors_of(settings, folders, desk)
        wrong += len(sentences)
        for sentence in sentences:
            print(sentence)
        if not sentences:
            print(f"{desk}: nothing is wrong")
            for line in backends_of(settings, folders, desk):
                print(line)
    return 1 if wrong else 0


def _new(settings: Settings, name: str, parent: Path, source: str | None) -> int:
    if not DESK_NAME.fullmatch(name):
        raise DeskFolderError(
            f"{name!r} cannot be a desk's name; use small letters and _, 40 at most, such as web_pages"
        )
    if not parent.is_dir():
        raise DeskFolderError(f"{parent}: there is no such folder; create it, or name another one with --in")
    folder = parent / name
    if folder.exists():
        raise DeskFolderError(f"{folder}: it exists already, and nothing was written; choose another name")
    copied = _without_code(settings, source) if source is not None else None
    try:
        written = _from_template(name, folder) if copied is None else _copy(copied, name, folder)
    except OSError as error:
        raise DeskFolderError(f"{folder} cannot be written: {error.strerror}; name another folder") from None
    for file in written:
        print(file)
    sample = next((file for file in written if file.parent.name == "samples"), folder / "samples")
    print(f"\ndispatch desk check --dir {folder}")
    print(f"dispatch desk try --dir {folder} {sample}")
    print(f"a worker takes the desk up with DISPATCH_DESKS_DIR={parent.absolute()}")
    return 0


def _from_template(name: str, folder: Path) -> list[Path]:
    words = {"desk": name, "words": name.strip("_").replace("_", " ")}
    written = []
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
        target = folder / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        written.append(target)
    return written


def _without_code(settings: Settings, name: str) -> Path:
    """Return the folder of a desk to copy; raises DeskFolderError where there is none, or where it holds code."""
    folders = folders_of(settings)
    if name not in folders:
        raise DeskFolderError(f"there is no desk {name!r} among: {', '.join(folders)}; correct --from")
    if any(folders[name].rglob("*.py")):
        # A class may exist once in all desks, so that a name says who acted.
        raise DeskFolderError(
            f"the desk {name} holds code, whose names may exist only once; copy one without, such as helpdesk"
        )
    return folders[name]


def _copy(source: Path, name: str, folder: Path) -> list[Path]:
    """Copy a desk under another name; only its playbook says how it is called."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    playbook = folder / PLAYBOOK_FILE
    text = re.sub(
        r"^desk: .*$", f"desk: {name}", playbook.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE
    )
    playbook.write_text(text, encoding="utf-8")
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def _try(settings: Settings, arguments: argparse.Namespace) -> int:
    # Imported here: it needs the worker and everything below it, which no other command does.
    from cli.trial.one import try_desk, try_desk_for_scripts  # noqa: PLC0415 (starts servers and workers, which no other command needs)

    folders = folders_of(settings, arguments.dir)
    name = desk_at(arguments.dir)[0] if arguments.dir is not None else arguments.name
    if name is None:
        raise DeskFolderError("name the desk to try, or its folder with --dir")
    if arguments.name not in {None, name}:
        raise DeskFolderError(f"{arguments.dir} is the desk {name}, not {arguments.name}; leave the name out")
    sentences = errors_of(settings, folders, name)
    for sentence in sentences:
        print(sentence, file=sys.stderr if arguments.json else sys.stdout)
    if sentences:
        return 1
    if arguments.json:
        return await try_desk_for_scripts(desk_alone(settings, folders, name), arguments.file)
    return await try_desk(name, desk_alone(settings, folders, name), arguments.file)
