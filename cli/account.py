"""Who types a command: the account of this machine, where it has a name."""

import argparse
import getpass
import os


def account() -> str | None:
    """Return the account's name; None where it has only a number, as a container's often has."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the former until Python 3.12
        return None


def add_as(command: argparse.ArgumentParser, dest: str, purpose: str) -> None:
    """Add `--as`, by default whoever types; an account without a name has to say it."""
    name = account()
    text = purpose if name is None else f"{purpose} (default: you)"
    command.add_argument("--as", dest=dest, metavar="WHO", default=name, required=name is None, help=text)


def identity() -> str:
    """Name the command line to Temporal; shown in history, and proof of nothing."""
    return f"cli-{account() or os.getuid()}"
