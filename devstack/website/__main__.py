"""`python -m devstack.website [--faults]`."""

import sys

from devstack.command import run
from devstack.website.service import website

if __name__ == "__main__":
    sys.exit(
        run(
            "website",
            lambda settings, faults: website(settings, faults=faults),
            lambda settings: f"{settings.site_url}, pages in {settings.site_dir}",
        )
    )
