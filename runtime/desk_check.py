"""Checks desks against all rules and returns every error, whereas a worker stops at the first."""

from collections.abc import Mapping
from pathlib import Path

from dispatch.models.errors import CatalogueError, DeskFolderError, PlaybookError
from dispatch.playbooks.desk_folders import DESK_NAME, desk_folders, with_examples
from dispatch.playbooks.examples_file import survey_examples
from dispatch.playbooks.loader import (
    PLAYBOOK_FILE,
    RECEPTION,
    RECEPTION_FILE,
    load_files,
    playbooks_in,
    survey_playbook,
)
from dispatch.playbooks.order_checks import order_problems
from dispatch.playbooks.systems_file import survey_systems
from runtime.desks import LoadedDesks, discover, import_desks
from runtime.settings import SHIPPED_DESKS, Settings


def desk_at(folder: Path) -> tuple[str, Path]:
    """Return the name and the absolute path of a desk's folder; raises DeskFolderError if it is no desk."""
    path = folder.absolute()
    if not path.is_dir():
        raise DeskFolderError(f"{folder}: there is no such folder; name the folder of a desk")
    if not (path / PLAYBOOK_FILE).is_file():
        raise DeskFolderError(
            f"{folder}: it holds no {PLAYBOOK_FILE}; name the folder of a desk, or begin one with 'dispatch desk new'"
        )
    if not DESK_NAME.fullmatch(path.name):
        raise DeskFolderError(
            f"{folder}: {path.name!r} cannot be a desk's name; use small letters and _, 40 at most, such as web_pages"
        )
    return path.name, path


def folders_of(settings: Settings, own: Path | None = None) -> dict[str, Path]:
    """Return the folder of each desk of the settings, and of `own`.

    Raises PlaybookError as `desk_folders` does, DeskFolderError where `own` is no desk, or has another one's name.
    """
    folders = desk_folders(settings.desk_roots)
    if own is None:
        return folders
    name, path = desk_at(own)
    if folders.get(name, path).resolve() != path.resolve():
        raise DeskFolderError(f"{own}: there is a desk {name} in {folders[name]} already; rename one of them")
    return folders | {name: path}


def errors_of(settings: Settings, folders: Mapping[str, Path], desk: str) -> list[str]:
    """Return one sentence for each error of a desk: in its playbook, in its code, and between the two.

    Raises DeskFolderError where there is no such desk.
    """
    if desk not in folders:
        known = ", ".join(folders) or "none"
        raise DeskFolderError(
            f"there is no desk {desk!r} among: {known}. Correct the name, set DISPATCH_DESKS_DIR, or use --dir."
        )
    file = playbook_file_of(settings, folders, desk)
    playbook, problems = survey_playbook(desk, file)
    others: list[CatalogueError] = []
    import_desks(folders)
    discover({name: folder for name, folder in folders.items() if name != desk}, others)
    errors: list[CatalogueError] = []
    catalogue = discover(folders, errors)
    if playbook is not None:
        problems += survey_examples(folders[desk], playbook)
    problems += survey_systems(folders[desk])
    problems += _order_errors(settings, folders, desk)
    sentences = [str(problem) for problem in problems]
    not_its_own = {str(error) for error in others}
    sentences += [str(error) for error in errors if str(error) not in not_its_own]
    if playbook is not None:
        told = {(problem.path, problem.problem) for problem in problems}
        found = catalogue.errors(playbook, str(file), folders[desk])
        sentences += [str(error) for error in found if (error.path, error.problem) not in told]
    return list(dict.fromkeys(sentences))


def _order_errors(settings: Settings, folders: Mapping[str, Path], desk: str) -> list[PlaybookError]:
    """Return what cannot hold in the desk's `routing.after`, among those desks whose playbooks can be read."""
    surveyed = {name: survey_playbook(name, playbook_file_of(settings, folders, name))[0] for name in folders}
    readable = {name: playbook for name, playbook in surveyed.items() if playbook is not None}
    file = str(playbook_file_of(settings, folders, desk))
    return [PlaybookError(file, *one[1:]) for one in order_problems(readable) if one.desk == desk]


def playbook_file_of(settings: Settings, folders: Mapping[str, Path], desk: str) -> Path:
    """Return the current playbook of a desk: its own, or its replacement from DISPATCH_PLAYBOOKS_DIR."""
    replacements = playbooks_in(settings.playbooks_dir) if settings.playbooks_dir else {}
    return replacements.get(desk, folders[desk] / PLAYBOOK_FILE)


def desk_alone(settings: Settings, folders: Mapping[str, Path], desk: str) -> LoadedDesks:
    """Load one desk without the others, so that their errors do not matter; raises PlaybookError."""
    reception = (playbooks_in(settings.playbooks_dir) if settings.playbooks_dir else {}).get(
        RECEPTION, SHIPPED_DESKS / RECEPTION_FILE
    )
    playbooks = load_files({desk: playbook_file_of(settings, folders, desk)}, reception)
    return LoadedDesks(discover(folders, []), with_examples(playbooks, folders)).completed()
