"""`python -m devstack.back_office [--faults]`."""

import sys

from devstack.back_office.service import back_office
from devstack.command import run

if __name__ == "__main__":
    sys.exit(
        run(
            "back office",
            lambda settings, faults: back_office(settings, faults=faults),
            lambda settings: f"{settings.back_office_url}, data in {settings.var_dir / 'back_office.db'}",
        )
    )
