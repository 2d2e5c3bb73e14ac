"""The planted defects of desks, and what a desk's rules say of texts that are known to be good.

Both are the desk's own code: `evals/planted.py` and `evals/calibrate.py` in its folder.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from dispatch.evals.planted import SEED, PlantedFigures, measure
from dispatch.models.errors import DispatchError, EvalsError
from runtime.desk_check import folders_of
from runtime.desks import own_module
from runtime.settings import Settings

_MOST_FILES: Final = 5_000
_MOST_BYTES: Final = 2_000_000
_SHOWN: Final = 25


def figures_of(folders: Mapping[str, Path], desk: str) -> PlantedFigures | None:
    """Return what a desk finds of its planted defects; None for one that plants none. Raises EvalsError."""
    module = own_module(folders, desk, "evals.planted")
    if module is None:
        return None
    cases, judge = (_function(module, name) for name in ("cases", "judge"))
    return measure(cases(SEED), judge)


def calibrate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Judge every file of a folder by a desk's rules, and print which of them are noisiest.

    Raises EvalsError for a desk that cannot be calibrated, and for a folder that cannot be read.
    """
    module = own_module(folders_of(settings), arguments.name, "evals.calibrate")
    if module is None:
        raise EvalsError(
            f"the desk {arguments.name} has nothing to calibrate; write evals/calibrate.py with judge_text(name, data)"
        )
    judge = _function(module, "judge_text")
    alarms: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    numbers: list[int] = []
    unread: list[str] = []
    for file in _files(arguments.folder):
        try:
            if file.stat().st_size > _MOST_BYTES:
                unread.append(f"{file}: longer than {_MOST_BYTES} bytes")
                continue
            flagged = tuple(judge(file.name, file.read_bytes()))
        except (DispatchError, OSError) as error:
            unread.append(f"{file}: {error}")
            continue
        numbers.append(len(flagged))
        alarms.update(flagged)
        texts.update(set(flagged))
    for line in unread[:_SHOWN]:
        print(f"not read: {line}", file=sys.stderr)
    if len(unread) > _SHOWN:
        print(f"not read: {len(unread) - _SHOWN} more", file=sys.stderr)
    if not numbers:
        print(f"{arguments.folder}: no text could be read; name a folder of published texts", file=sys.stderr)
        return 1
    print(
        f"{len(numbers)} texts, {sum(numbers)} alarms; of one text {median(numbers):g} in the median, {max(numbers)} at most"
    )
    for rule, number in alarms.most_common(_SHOWN):
        print(f"  {number:6} alarms in {texts[rule]:5} texts  {rule}")
    return 0


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise EvalsError(f"{folder} is no folder; name one with published texts")
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    if len(found) > _MOST_FILES:
        raise EvalsError(f"{folder} has {len(found)} files; name one with {_MOST_FILES} at most")
    yield from found


def _function(module: Any, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise EvalsError(f"{module.__file__} has no function {name}; write it")
    found: Callable[..., Any] = function
    return found
