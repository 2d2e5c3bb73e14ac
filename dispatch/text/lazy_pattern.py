"""A pattern that is compiled on first use: compiling long ones at import would slow every command's start."""

import re
from functools import cached_property


class LazyPattern:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)
