"""Finds and creates the folders of a mailbox under the names that its server uses."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderCreateError, MailboxFolderSubscribeError

from channels.mail.mailbox.answers import personal_namespace

_INBOX: Final = "INBOX"


class Folders:
    """Knows the prefix of a person's own folders (such as `INBOX.`), the delimiter of levels, and the selected folder."""

    def __init__(self, box: BaseMailBox, features: frozenset[str]) -> None:
        self._box = box
        self._prefix, self._delimiter = "", "/"
        if "NAMESPACE" in features:
            kind, told = box.client.namespace()
            if kind == "OK":
                self._prefix, self._delimiter = personal_namespace(told)
        elif listed := box.folder.list("", ""):
            self._delimiter = listed[0].delim or "/"
        self._selected = ""
        self._made = dict[str, str]()
        self.validity = ""

    def select(self, folder: str) -> None:
        """Select a folder, by the server's name or by levels with '/'."""
        own = self._named(folder)
        is_known = folder.upper() == _INBOX or not self._box.folder.exists(own)
        self._selected = folder if is_known else own
        self._select()

    def make(self, place: str) -> str:
        """Return the server's name of a folder; create it and subscribe to it if it is missing."""
        if place not in self._made:
            name = self._named(place)
            if not self._box.folder.exists(name):
                try:
                    self._box.folder.create(name)
                except MailboxFolderCreateError:
                    # Another watcher may have created it first.
                    if not self._box.folder.exists(name):
                        raise
                with suppress(MailboxFolderSubscribeError):
                    self._box.folder.subscribe(name, value=True)
            self._made[place] = name
        return self._made[place]

    def forget(self) -> None:
        """Read the folders again; a person may have removed or renamed one."""
        self._made.clear()

    @contextmanager
    def looking_into(self, name: str) -> Iterator[None]:
        """Select another folder read-only, and afterwards the watched one again."""
        self._box.folder.set(name, readonly=True)
        try:
            yield
        finally:
            before = self.validity
            self._select()
        if self.validity != before:
            raise OSError("the folder was recreated meanwhile; it will be read again")

    def _select(self) -> None:
        self._box.folder.set(self._selected)
        _, told = self._box.client.response("UIDVALIDITY")
        self.validity = (told[-1] or b"").decode("ascii", "replace")

    def _named(self, folder: str) -> str:
        name = folder.replace("/", self._delimiter)
        return name if name.startswith(self._prefix) else f"{self._prefix}{name}"
