"""The connection to Temporal, by Temporal's own environment configuration (TEMPORAL_ADDRESS, a profile file, ...)."""

import logging
from functools import cache
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from dispatch.models.errors import SettingsError, UnavailableError

DEFAULT_ADDRESS = "127.0.0.1:7233"


async def connect(identity: str, address: str | None = None) -> Client:
    """Connect; `identity` is shown in history and proves nothing.

    Raises SettingsError for a configuration that cannot be read, Unavailable where Temporal is not reached.
    """
    try:
        config: dict[str, Any] = dict(ClientConfig.load_client_connect_config())
    except (RuntimeError, ValueError, KeyError) as error:
        raise SettingsError(
            f"Temporal's configuration cannot be read: {error}. Correct TEMPORAL_* or its file."
        ) from None
    if address is not None:
        config["target_host"] = address
    target = config.setdefault("target_host", DEFAULT_ADDRESS)
    try:
        return await Client.connect(
            **config, data_converter=pydantic_data_converter, identity=identity, runtime=_runtime()
        )
    except (RuntimeError, RPCError) as error:
        raise UnavailableError(
            f"Temporal does not answer at {target} ({_in_words(str(error))}). Start it ('make demo' or your own "
            "server) or set TEMPORAL_ADDRESS."
        ) from None


@cache
def _runtime() -> Runtime:
    """Send the core's own log through ours: by itself it writes to stdout, which belongs to a command's answer."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    logs = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding
    )
    return Runtime(telemetry=TelemetryConfig(logging=logs))


def _in_words(problem: str) -> str:
    """Shorten the core's text, which quotes its own structures at length."""
    for sign, words in (("ConnectionRefused", "connection refused"), ("dns error", "no such host")):
        if sign in problem:
            return words
    return problem[:200]
