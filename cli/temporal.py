"""The gateway to Temporal for the command line."""

from cli.account import identity
from runtime.connection import connect
from runtime.gateway import Gateway


def gateway_of_account() -> Gateway:
    """Build a gateway that connects when it is first needed, with the caller's identity."""
    return Gateway(lambda: connect(identity=identity()))
