"""Makes strangers' file names safe to show and to use."""

import re
from typing import Final

from dispatch.text.normalise import encodable, one_line

_MAX_READ: Final = 1_000


def safe_name(name: str | None, fallback: str) -> str:
    """Return a file name without folders, control or direction-turning characters, of 100 characters at most."""
    plain = one_line(encodable((name or "")[:_MAX_READ])).replace("\\", "/").rpartition("/")[2]
    plain = re.sub(r'[<>:"|?*]', "_", plain).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > 100:  # noqa: PLR2004 (long enough to tell files apart, short enough for every file system)
        plain = f"{stem[:80]}{dot}{ending[:15]}" if stem else plain[:100]
    return plain or fallback
