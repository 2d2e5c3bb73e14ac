"""Prompt files: `prompts/<role>.md` of a desk, with a version in the first line and a digest of the whole."""

import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.models.errors import PlaybookError
from dispatch.models.work.model_use import PromptRef

MOST_BYTES: Final = 50_000
_VERSION: Final = re.compile(r"version: *([A-Za-z0-9][A-Za-z0-9.\-]{0,39}) *")


class Prompt(NamedTuple):
    """What a model is told to do, and how the text is named in the record."""

    text: str
    ref: PromptRef


def prompt_file(folder: Path, role: str, generic: str | None = None) -> Path:
    """Return where a role's prompt is in its desk's folder: its own, else the one of the generic role that does it."""
    own = folder / "prompts" / f"{role}.md"
    return own if generic is None or own.exists() else folder / "prompts" / f"{generic}.md"


def read_prompt(path: Path) -> Prompt:
    """Read one prompt: a line `version: 1`, then the text. Raises PlaybookError."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise PlaybookError(
            file, "", f"it cannot be read: {error.strerror}", "Write the prompt of the role into it."
        ) from None
    except UnicodeDecodeError as error:
        raise PlaybookError(file, f"byte {error.start}", "it is not UTF-8", "Save it as UTF-8.") from None
    if len(raw) > MOST_BYTES:
        raise PlaybookError(file, "", f"it is larger than {MOST_BYTES:,} bytes", "Shorten the prompt.")
    first, _, rest = text.partition("\n")
    version = _VERSION.fullmatch(first)
    if version is None:
        raise PlaybookError(file, "line 1", "it names no version", "Begin with a line such as 'version: 1'.")
    if not rest.strip():
        raise PlaybookError(
            file, "line 2", "there is no prompt", "Write below the version what is to be done."
        )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Prompt(rest.strip(), PromptRef(name=path.stem, version=version[1], digest=digest))
