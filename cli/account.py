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
    """Add `--as`, by default the caller's account; required where the account has no name."""
    name = account()
    text = purpose if name is None else f"{purpose} (default: you)"
    command.add_argument("--as", dest=dest, metavar="WHO", default=name, required=name is None, help=text)


def identity() -> str:
    """Return the command line's identity for Temporal; history shows it, but it proves nothing."""
    return f"cli-{account() or os.getuid()}"
