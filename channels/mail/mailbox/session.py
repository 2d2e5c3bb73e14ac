"""One connection to one mailbox. It blocks, so run it in a thread; `cut` and the halt end a waiting call.

UIDs are used only within the connection that read them: after a break everything is read again, so that a
recreated mailbox (another UIDVALIDITY) cannot cause the wrong mail to be moved.
"""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from imaplib import IMAP4
from typing import Final

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError
from imap_tools.utils import encode_folder

from channels.mail.mailbox.account import MailboxAccount
from channels.mail.mailbox.answers import (
    Arrived,
    code_of,
    content_of,
    features_of,
    name_of,
    size_of,
    words_of,
)
from channels.mail.mailbox.folders import Folders
from channels.mail.mailbox.idle import idle
from dispatch.models.errors import RefusedError, UnavailableError

CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 30
_GOODBYE_SECONDS: Final = 2
_SIZE_AND_TIME: Final = "(UID RFC822.SIZE INTERNALDATE)"
_BEGIN_BYTES: Final = 262_144
_PASSES: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"})


class MailboxAwayError(UnavailableError):
    """The mail server cannot be reached, or has closed the connection."""


class MailboxRefusedError(RefusedError):
    """The mail server refused a command."""


class MailboxSession:
    """One connection, opened by `open`; every method raises MailboxAwayError or MailboxRefusedError, in a sentence."""

    def __init__(self, account: MailboxAccount, halt: threading.Event) -> None:
        self._account, self._halt = account, halt
        self._box: BaseMailBox | None = None
        self._folders: Folders | None = None
        self._features = frozenset[str]()

    def open(self, *places: str) -> None:
        """Connect, sign in, find the folder, and create missing folders of `places`."""
        account = self._account
        with self._told("cannot be reached"):
            self._box = box = self._connected()
            if account.security == "starttls":
                self._done(*box.client.starttls(self._trust()))
            box.client.sock.settimeout(ANSWER_SECONDS)
        with self._told("does not let the desk in", "correct 'user' or the password"):
            if "LOGINDISABLED" in box.client.capabilities:
                raise MailboxRefusedError(
                    f"{account.where} takes no password on this connection; set 'security' to tls or starttls"
                )
            password = account.password.get_secret_value()
            is_plain = account.user.isascii() and password.isascii()
            sign_in = box.login if is_plain else box.login_utf8
            sign_in(account.user, password, initial_folder=None)
        with self._told("does not give its folders"):
            # After the sign-in a server reports more capabilities than before.
            kind, told = box.client.capability()
            self._features = features_of(told) if kind == "OK" else frozenset()
            self._folders = Folders(box, self._features)
            self._folders.select(account.folder)
            for place in places:
                self._folders.make(place)

    @property
    def validity(self) -> str:
        """The UIDVALIDITY of the folder; UIDs are valid within it."""
        return self._folders.validity if self._folders is not None else ""

    def uids(self) -> list[str]:
        """Return the mails of the folder, oldest first, without those that are marked as deleted."""
        with self._told("does not list its mails") as box:
            # Selected again each time: some servers keep showing the old folder after it was recreated, and
            # some report new mails only then.
            self._opened[1].select(self._account.folder)
            return sorted(box.uids("UNDELETED", charset=None), key=int)

    def fetch(self, uid: str, most: int) -> Arrived | None:
        """Return a mail, its flags unchanged, or only its header if it has more than `most` bytes.

        None if it is gone.
        """
        with self._told("does not give a mail"):
            known = size_of(self._fetched(uid, _SIZE_AND_TIME), uid)
            if known is None:
                return None
            part = "BODY.PEEK[]" if known.size <= most else f"BODY.PEEK[HEADER]<0.{_BEGIN_BYTES}>"
            raw = content_of(self._fetched(uid, f"(UID {part})"), uid)
        return None if raw is None else Arrived(name_of(raw), raw, known.size, known.received_at)

    def move(self, uid: str, place: str, *, may_be_there: bool) -> None:
        """Move a mail; if the server cannot do that in one step, copy it and delete only this mail.

        `may_be_there`: an earlier attempt may have been interrupted between the two, so search for the copy first.
        """
        with self._told(f"does not move a mail to {place}") as box:
            folders = self._opened[1]
            target = folders.make(place)
            try:
                if "MOVE" in self._features:
                    # Not the library's own move, which checks the capability before the sign-in and otherwise expunges the whole folder.
                    self._done(*box.client.uid("MOVE", uid, _encoded(target)))
                    return
                if not (may_be_there and self._is_in(target, uid)):
                    self._done(*box.client.uid("COPY", uid, _encoded(target)))
            except UnexpectedCommandStatusError:
                # A person may have removed the folder; the next attempt creates it again.
                folders.forget()
                box.client.noop()
                if size_of(self._fetched(uid, _SIZE_AND_TIME), uid) is None:
                    # Another program moved it first.
                    return
                raise
            self._done(*box.client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
            if "UIDPLUS" in self._features:
                self._done(*box.client.uid("EXPUNGE", uid))

    def wait(self, seconds: float) -> None:
        """Return when the server reports a change, when the time is over, or when the halt is set."""
        if "IDLE" in self._features:
            try:
                with self._told("has ended the connection") as box:
                    return idle(box, seconds, self._halt)
            except MailboxRefusedError:
                self._features -= {"IDLE"}
        self._halt.wait(seconds)
        return None

    def cut(self) -> None:
        """Close the connection and end a waiting call; may be called from another thread."""
        box = self._box
        if box is not None:
            # The library's own shutdown waits for the reading thread.
            with suppress(OSError):
                box.client.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out if the server still answers; nothing is expunged."""
        box, self._box = self._box, None
        if box is None:
            return
        # ValueError: a TLS connection that was cut.
        with suppress(OSError, ValueError, IMAP4.error, ImapToolsError):
            box.client.sock.settimeout(_GOODBYE_SECONDS)
            box.logout()
        with suppress(OSError):
            box.client.shutdown()

    @property
    def _opened(self) -> tuple[BaseMailBox, Folders]:
        if self._box is None or self._folders is None:
            raise MailboxAwayError(f"{self._account.where} is not open")
        return self._box, self._folders

    def _connected(self) -> BaseMailBox:
        account = self._account
        host, port = account.host, account.port_in_use
        if account.security != "tls":
            return MailBoxUnencrypted(host, port, CONNECT_SECONDS)
        return MailBox(host, port, timeout=CONNECT_SECONDS, ssl_context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._account.ca_file)

    def _fetched(self, uid: str, parts: str) -> Sequence[object]:
        return self._done(*self._opened[0].client.uid("FETCH", uid, parts))

    def _is_in(self, target: str, uid: str) -> bool:
        """Check whether a copy of a mail, made by an earlier attempt, is in `target`: of its size, time and beginning."""
        box, folders = self._opened
        begin = f"(UID BODY.PEEK[]<0.{_BEGIN_BYTES}>)"
        known = size_of(self._fetched(uid, _SIZE_AND_TIME), uid)
        if known is None:
            return False
        raw = content_of(self._fetched(uid, begin), uid)
        with folders.looking_into(target):
            alike = box.uids(f"LARGER {known.size - 1} SMALLER {known.size + 1}", charset=None)
            return any(
                size_of(self._fetched(one, _SIZE_AND_TIME), one) == known
                and content_of(self._fetched(one, begin), one) == raw
                for one in reversed(alike)
            )

    @staticmethod
    def _done(kind: str, data: Sequence[object]) -> Sequence[object]:
        if kind != "OK":
            raise UnexpectedCommandStatusError((kind, data), "OK")
        return data

    @contextmanager
    def _told(self, what: str, remedy: str = "") -> Iterator[BaseMailBox]:
        """Convert every error of the library into one sentence that names the mailbox."""
        where = self._account.where
        try:
            # Before it is connected nothing uses this value.
            yield self._box  # type: ignore[misc]
        except UnexpectedCommandStatusError as error:
            raise _refusal(f"{where} {what}", error.command_result[1], remedy) from None
        except ssl.SSLCertVerificationError as error:
            raise MailboxRefusedError(
                f"{where} shows a certificate that is not trusted ({error.verify_message}); correct 'host', "
                "or name the certificate to trust as 'ca_file'"
            ) from None
        except (IMAP4.abort, OSError, EOFError) as error:
            if "TLS not supported" in str(error):
                raise MailboxRefusedError(f"{where} offers no STARTTLS; write 'security: tls'") from None
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise MailboxAwayError(f"{where} {what}: {reason}") from None
        except IMAP4.error as error:
            raise _refusal(f"{where} {what}", error.args, remedy) from None


def _encoded(folder: str) -> str:
    """Return a folder's name for a command, in modified UTF-7 and quotes."""
    return encode_folder(folder).decode("ascii")


def _refusal(what: str, data: Sequence[object], remedy: str) -> MailboxAwayError | MailboxRefusedError:
    code = code_of(data)
    if code in _PASSES:
        return MailboxAwayError(f"{what}: {words_of(data)}")
    return MailboxRefusedError(f"{what}: {words_of(data)}{remedy and f'; {remedy}'}", code or "refused")
