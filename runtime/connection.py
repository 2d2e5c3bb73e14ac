"""The connection to Temporal, by Temporal's own environment configuration (TEMPORAL_ADDRESS, a profile file, ...)."""

import asyncio
import logging
import socket
from functools import cache
from typing import Any, Final

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from dispatch.models.errors import SettingsError, UnavailableError

DEFAULT_ADDRESS = "127.0.0.1:7233"
_LOOK_SECONDS: Final = 3
_MOST_CHARS: Final = 200


async def connect(identity: str, address: str | None = None) -> Client:
    """Connect to Temporal; history shows `identity`, but it proves nothing.

    Raises SettingsError for a configuration that cannot be read, Unavailable if Temporal cannot be reached.
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
    except ValueError as error:
        raise SettingsError(
            f"TEMPORAL_ADDRESS {target!r} is no host and port: {error}. Correct it."
        ) from None
    except (RuntimeError, RPCError) as error:
        why = await _unreached(target) or f"the server there answers otherwise: {str(error)[:_MOST_CHARS]}"
        raise UnavailableError(
            f"Temporal does not answer at {target} ({why}). Start it ('make demo' or your own server) or set "
            "TEMPORAL_ADDRESS."
        ) from None


@cache
def _runtime() -> Runtime:
    """Send the core's log through ours: by default it writes to stdout, which is for a command's output."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    logs = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding
    )
    return Runtime(telemetry=TelemetryConfig(logging=logs))


async def _unreached(target: str) -> str:
    """Return why no server is reached at a host and port, or an empty text if one is.

    The SDK raises one type for every reason, so this function tries the address again.
    """
    host, _, port = target.rpartition(":")
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), port)
    except socket.gaierror:
        return "no such host"
    except ConnectionRefusedError:
        return "connection refused"
    except TimeoutError:
        return f"no connection within {_LOOK_SECONDS} s"
    except OSError as error:
        return error.strerror or type(error).__name__
    writer.close()
    return ""
