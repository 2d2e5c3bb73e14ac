"""`python -m devstack.mailbox`."""

import sys

from devstack.command import run
from devstack.mailbox.service import USER, mailbox
from devstack.ports import LOOPBACK

if __name__ == "__main__":
    sys.exit(
        run(
            "mailbox",
            lambda settings, _faults: mailbox(settings),
            lambda settings: f"imap://{USER}@{LOOPBACK}:{settings.imap_port}, in memory",
        )
    )
