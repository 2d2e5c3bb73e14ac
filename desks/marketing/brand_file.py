"""Reads brand.yaml and the styles that it names; each error names the file, the key and what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from desks.marketing.models.brand import Brand, Style
from desks.marketing.rules.house import House, StyleFiles
from desks.marketing.rules.patterns import Pattern, PatternError
from dispatch.models.errors import PlaybookError
from dispatch.playbooks.strict_yaml import read_yaml

BRAND_FILE: Final = Path(__file__).with_name("brand.yaml")
_MOST_FILES: Final = 300
_REMEDIES: Final = {
    "extra_forbidden": "Remove the key, or correct its spelling.",
    "missing": "Add it.",
    "date_from_datetime_parsing": "Write a day as 2026-12-31.",
    "date_type": "Write a day as 2026-12-31.",
}


def load_house(file: Path = BRAND_FILE) -> House:
    """Return the rules of the brand that a file describes; raises PlaybookError for the first thing that does not hold.

    What of a style cannot be run is in the house's `not_run`.
    """
    brand = load_brand(file)
    styles = tuple(_style_files(file, index, style) for index, style in enumerate(brand.styles))
    return House(brand, styles)


def load_brand(file: Path) -> Brand:
    """Return what a brand.yaml says; raises PlaybookError."""
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise PlaybookError(str(file), "", "it is no mapping", "Begin with 'brand: <the name of the brand>'.")
    try:
        brand = Brand.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PlaybookError(str(file), _path(first["loc"]), _problem(first), _remedy(first)) from None
    for path, problem, remedy in _problems(brand):
        raise PlaybookError(str(file), path, problem, remedy)
    return brand


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _problem(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "the key is unknown"
    if error["type"] == "missing":
        return "it is missing"
    return str(error["msg"]).removeprefix("Value error, ")


def _remedy(error: Any) -> str:
    return _REMEDIES.get(
        error["type"], "Correct the value; docs/desks/marketing.md says what each key holds."
    )


def _problems(brand: Brand) -> Iterator[tuple[str, str, str]]:
    """Yield what the values alone do not show."""
    if brand.links.utm is not None:
        try:
            Pattern(brand.links.utm.pattern)
        except PatternError as error:
            yield (
                "links.utm.pattern",
                f"the pattern {error}",
                "Write a pattern of RE2, without looking around.",
            )
    seen: dict[str, str] = {}
    for group in ("words", "inclusive", "tone"):
        for index, entry in enumerate(getattr(brand, group)):
            for word in entry.not_:
                key = f"{word.casefold()}/{entry.language}/{','.join(entry.channels)}"
                if key in seen:
                    yield (
                        f"{group}[{index}].not",
                        f"{word!r} is already in {seen[key]}",
                        "Remove one of the two.",
                    )
                seen[key] = f"{group}[{index}]"
                if word.casefold() in {use.casefold() for use in entry.use}:
                    yield (
                        f"{group}[{index}].use",
                        f"{word!r} would be replaced by itself",
                        "Write another word.",
                    )
    for index, term in enumerate(brand.terms):
        if term.write in term.never:
            yield f"terms[{index}].never", f"{term.write!r} is its right spelling", "Remove it."


def _style_files(file: Path, index: int, style: Style) -> StyleFiles:
    folder = (file.parent / style.folder).resolve()
    where = f"styles[{index}].folder"
    if not folder.is_dir():
        raise PlaybookError(
            str(file), where, f"there is no folder {folder}", "Put the style there, or correct the path."
        )
    files = sorted(each for each in folder.iterdir() if each.suffix in {".yml", ".yaml"})
    if not files:
        raise PlaybookError(
            str(file), where, f"{folder} holds no .yml file", "Name the folder that holds the rules."
        )
    if len(files) > _MOST_FILES:
        raise PlaybookError(str(file), where, f"it holds more than {_MOST_FILES} files", "Split the style.")
    return StyleFiles(folder.name, {each.name: read_yaml(each) for each in files}, style.leave_out, style.fix)
