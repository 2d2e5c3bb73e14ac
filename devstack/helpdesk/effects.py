"""Writes of the helpdesk: resets, grants, orders and tickets, each once for its key, and each can be undone."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from devstack.helpdesk import queries
from devstack.helpdesk.database import Database
from devstack.sqlite.database import text_of
from devstack.sqlite.idempotency import Answer, Document, fingerprint_of, once
from devstack.web import ApiError

_FIRST_NUMBER: Final = 10_001


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    login: str = Field(min_length=1, max_length=40)


class ResetOrder(_Body):
    """The body of POST /resets: a one-time link goes to the phone of the account's owner, never a password by mail."""

    requested_by: str = Field(min_length=1, description="the login of the person who asked for it")


class GrantOrder(_Body):
    """The body of POST /grants."""

    system: str = Field(min_length=1)
    level: str = Field(min_length=1)


class HardwareOrder(_Body):
    """The body of POST /orders; the price is the approved one, and a different price is refused."""

    sku: str = Field(min_length=1)
    price_minor: int = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class TicketOrder(_Body):
    """The body of POST /tickets."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=4000)


class Kind(NamedTuple):
    """One kind of effect: its path, its request body, the prefix of its ids, and its first and last status."""

    name: str
    path: str
    order: type[_Body]
    prefix: str
    begins: str
    undo: str
    ends: str


KINDS: Final = (
    Kind("reset", "resets", ResetOrder, "RS", "issued", "cancel", "cancelled"),
    Kind("grant", "grants", GrantOrder, "GR", "active", "revoke", "revoked"),
    Kind("order", "orders", HardwareOrder, "HO", "ordered", "cancel", "cancelled"),
    Kind("ticket", "tickets", TicketOrder, "TK", "open", "cancel", "cancelled"),
)


class Effects:
    """Makes and undoes effects; `clock` returns the current moment, timezone-aware."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def create(self, kind: Kind, order: _Body, key: str) -> Answer:
        """Make an effect, or refuse with 403, 404, 409 or 422."""

        def effect(connection: sqlite3.Connection) -> Document:
            _check(connection, order)
            number = connection.execute(
                "SELECT max(coalesce(max(CAST(substr(effect_id, 4) AS INTEGER)), 0) + 1, ?) FROM effects "
                "WHERE kind = ?",
                [_FIRST_NUMBER, kind.name],
            ).fetchone()[0]
            effect_id = f"{kind.prefix}-{number}"
            details = json.dumps(order.model_dump(exclude={"login"}), ensure_ascii=False)
            connection.execute(
                "INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, ?)",
                [effect_id, kind.name, order.login, kind.begins, details, text_of(self._clock()), key],
            )
            return queries.effect(connection, kind.name, effect_id)

        return once(self._database, key, fingerprint_of(kind.name, order.model_dump()), 201, effect)

    def undo(self, kind: Kind, effect_id: str, key: str) -> Answer:
        """Undo an effect; a repeated call changes nothing and gets the same answer."""

        def effect(connection: sqlite3.Connection) -> Document:
            queries.effect(connection, kind.name, effect_id)
            connection.execute("UPDATE effects SET status = ? WHERE effect_id = ?", [kind.ends, effect_id])
            return queries.effect(connection, kind.name, effect_id)

        return once(self._database, key, fingerprint_of(f"undo {kind.name}", effect_id), 200, effect)


def _check(connection: sqlite3.Connection, order: _Body) -> None:
    """Raise ApiError for an invalid effect; the check holds until the transaction ends, because no other may write."""
    person = queries.person(connection, order.login)
    if person["employment"] == "left":
        raise ApiError(422, "has_left", f"{order.login} has left the company")
    match order:
        case ResetOrder(requested_by=requested_by):
            queries.person(connection, requested_by)
        case GrantOrder():
            _check_grant(connection, order, person)
        case HardwareOrder():
            _check_price(connection, order)
        case _:
            pass


def _check_grant(connection: sqlite3.Connection, order: GrantOrder, person: Document) -> None:
    system = queries.system(connection, order.system)
    levels = system["levels"]
    if not isinstance(levels, list) or order.level not in levels:
        raise ApiError(422, "no_such_level", f"{system['name']} has no level {order.level}")
    if system["employees_only"] and person["employment"] != "employee":
        raise ApiError(403, "employees_only", f"{system['name']} is for employees only")


def _check_price(connection: sqlite3.Connection, order: HardwareOrder) -> None:
    hardware = queries.hardware(connection, order.sku)
    if (hardware["price_minor"], hardware["currency"]) != (order.price_minor, order.currency):
        raise ApiError(409, "price_changed", f"{hardware['name']} has another price now")
