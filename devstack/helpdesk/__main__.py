"""`python -m devstack.helpdesk [--faults]`."""

import sys

from devstack.command import run
from devstack.helpdesk.service import helpdesk

if __name__ == "__main__":
    sys.exit(
        run(
            "helpdesk",
            lambda settings, faults: helpdesk(settings, faults=faults),
            lambda settings: f"{settings.helpdesk_url}, data in {settings.var_dir / 'helpdesk.db'}",
        )
    )
