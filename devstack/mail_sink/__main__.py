"""`python -m devstack.mail_sink [--faults]`."""

import sys

from devstack.command import run
from devstack.mail_sink.service import mail_sink

if __name__ == "__main__":
    sys.exit(
        run(
            "mail sink",
            lambda settings, faults: mail_sink(settings, faults=faults),
            lambda settings: (
                f"smtp://{settings.smtp_host}:{settings.smtp_port}, archive at {settings.mail_archive_url}, "
                f"data in {settings.var_dir / 'mail.db'}"
            ),
        )
    )
