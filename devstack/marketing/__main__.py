"""`python -m devstack.marketing [--faults]`."""

import sys

from devstack.command import run
from devstack.marketing.service import marketing

if __name__ == "__main__":
    sys.exit(
        run(
            "marketing",
            lambda settings, faults: marketing(settings, faults=faults),
            lambda settings: f"{settings.posts_url}, data in {settings.var_dir / 'marketing.db'}",
        )
    )
