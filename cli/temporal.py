"""Temporal, as whoever types a command reaches it."""

from cli.account import identity
from runtime.connection import connect
from runtime.gateway import Gateway


def gateway_of_account() -> Gateway:
    """Build a gateway that connects, when it is first needed, as whoever types."""
    return Gateway(lambda: connect(identity=identity()))
