"""A secret that one machine creates once and stores in a file that only its owner may read."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from dispatch.models.errors import SettingsError
from dispatch.storage.private_folders import make_private

_BYTES: Final = 32
_LEAST_CHARS: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def standing_secret(path: Path, setting: str) -> str:
    """Return the secret in `path`; the first call creates it (mode 600), also with several processes.

    Raises SettingsError, naming the file and the setting that replaces it, if it cannot be stored or others may
    read it.
    """
    try:
        make_private(path.parent)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & _OTHERS:
            raise SettingsError(f"{path} may be read by others than its owner; run 'chmod 600 {path}'.")
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the secret in {path} cannot be kept: {error}; make the folder writable, or set {setting}."
        ) from None
    if len(secret) < _LEAST_CHARS:
        raise SettingsError(
            f"the secret in {path} is shorter than {_LEAST_CHARS} characters; delete the file and start again."
        )
    return secret


def _make(path: Path) -> None:
    """Write a temporary file and link it, so that parallel processes get one secret, and none reads half of it."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        return  # another process was first; its secret is used
    finally:
        aside.unlink()
