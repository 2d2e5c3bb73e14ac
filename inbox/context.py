"""The shared parts of all pages, built once by the app factory and injected; nothing here is global."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment

from dispatch.rate_limits import Lockout, RateLimit
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.not_taken_in import NotTakenIn
from dispatch.storage.private_keys import KeyStore
from inbox.devices import Devices
from inbox.oidc import OidcProvider
from inbox.passwords import Users
from inbox.sessions import Sessions
from inbox.waiting import WaitingList
from runtime.gateway import Gateway
from runtime.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Limits: tries from one address; wrong passphrases for a name from one address, on a known device, and for a key.

    Also tries for one name from all addresses, and decisions and answers from one address.
    """

    sign_in: RateLimit
    names_by_address: Lockout
    devices: Lockout
    names: RateLimit
    keys: Lockout
    sending: RateLimit
    answers: RateLimit


@dataclass(frozen=True)
class Context:
    settings: Settings
    desk: Gateway
    waiting: WaitingList
    refused: NotTakenIn
    users: Users
    approvers: ApproversFile
    keys: KeyStore
    sessions: Sessions
    devices: Devices
    limits: Limits
    company: OidcProvider | None
    answer_secret: str
    pages: Environment
    now: Callable[[], datetime]
    base: str
    static: Path
