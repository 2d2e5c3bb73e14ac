"""Where this machine keeps what was refused at a door."""

from dispatch.storage.not_taken_in import NotTakenIn
from runtime.settings import Settings


def not_taken_in(settings: Settings) -> NotTakenIn:
    """Return the list of what was refused at a door and waits for a person."""
    return NotTakenIn(settings.var_dir / "not_taken_in.db")
