"""`python -m cli`, which is `dispatch` run from a checkout."""

import sys

from cli.commands import main

sys.exit(main())
