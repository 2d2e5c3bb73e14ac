"""The SMTP side: answers as a mail server would, and fails as one if a rule says so."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from devstack.faults import FaultRule, Faults, Occurrence
from devstack.mail_sink.store import MailStore, message_id_of

_REFUSED_DOMAIN = "bounces.example"
_PUT_OFF_DOMAIN = "tempfail.example"
_PUT_OFF_TIMES = 2


class Handler:
    """The handler of aiosmtpd; the library is untyped, so its session and envelope are too."""

    def __init__(self, store: MailStore, faults: Faults | None) -> None:
        self._store, self._faults = store, faults

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if _domain(address) == _REFUSED_DOMAIN:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: Any, _session: Any, envelope: Any
    ) -> str:
        rule = self._fault(envelope.rcpt_tos)
        if rule is not None and rule.fault in ("status", "drop_before_commit"):
            await self._delay(rule)
            if rule.fault == "status":
                return f"{rule.status} 4.3.0 a fault that was armed"
            return await _hang_up(server)
        if any(_domain(address) == _PUT_OFF_DOMAIN for address in envelope.rcpt_tos):
            message_id = message_id_of(envelope.content)
            if await asyncio.to_thread(self._store.put_off, message_id, _PUT_OFF_TIMES):
                return "451 4.7.1 come back later"
        await asyncio.to_thread(
            self._store.keep,
            envelope.mail_from,
            tuple(envelope.rcpt_tos),
            envelope.content,
            datetime.now(UTC),
        )
        if rule is not None:
            await self._delay(rule)
            if rule.fault == "drop_after_commit":
                return await _hang_up(server)
        return "250 2.0.0 taken"

    def _fault(self, recipients: list[str]) -> FaultRule | None:
        if self._faults is None:
            return None
        return self._faults.take(Occurrence("SMTP DATA", fields={"recipient": recipients[0]}))

    async def _delay(self, rule: FaultRule) -> None:
        if self._faults is not None:
            await self._faults.delay(rule)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


async def _hang_up(server: Any) -> str:
    """Close the connection without an answer."""
    server.transport.abort()
    # aiosmtpd cancels this conversation when it notices the loss; returning before that would write to a closed socket.
    await asyncio.sleep(5)
    return "421 4.4.2 connection lost"
