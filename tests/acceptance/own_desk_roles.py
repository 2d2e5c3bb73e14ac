"""The sources of the systems, specialist, reviewer and composer of the desk in own_desk.py."""

from string import Template
from typing import Final

_SYSTEM: Final = '''"""$about"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, ClassVar, Self

from activities.contracts import SystemSettings
from dispatch.models.errors import UnavailableError


class $name:
    """$about"""

    acting: ClassVar[bool] = $acting

    class Settings(SystemSettings):
        """Where the file is."""

        library_database: Path

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        yield cls(settings.library_database)

    def __init__(self, database: Path) -> None:
        self._database = database

'''


def _system(name: str, about: str, methods: str, *, acting: bool) -> str:
    """Return the source of a system that keeps to the one file of the library."""
    return Template(_SYSTEM).substitute(name=name, about=about, acting=acting) + methods


SHELF: Final = _system(
    "Shelf",
    "The catalogue of the library: loans, reservations, slips and members.",
    """\
    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(self._database)) as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise UnavailableError("the catalogue of the library cannot be read") from error

    async def addresses_of(self, address: str) -> tuple[str, ...]:
        return tuple(found for (found,) in self.rows("SELECT address FROM members WHERE address = ?", address))
""",
    acting=False,
)

COUNTER: Final = _system(
    "Counter",
    "The counter of the library, which extends loans and prints slips; each key is accepted once.",
    """\
    def enter(self, table: str, key: str, what: str, value: str | int) -> None:
        try:
            with closing(sqlite3.connect(self._database)) as connection, connection:
                connection.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?)", (key, what, value))
        except sqlite3.Error as error:
            raise UnavailableError("the counter takes no entries") from error
""",
    acting=True,
)

LOAN_TERMS: Final = '''"""Says when a book is due, and recommends to extend its loan."""

from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import System, Systems
from desks.library.systems.shelf import Shelf
from dispatch.models.contract import Contract
from dispatch.models.work.finding import (
    Brief,
    Evidence,
    Finding,
    FindingStatus,
    RecommendedAction,
    Statement,
)


class _Config(Contract):
    days: int


def _edits(brief: Brief, action: str) -> dict[str, JsonValue]:
    """Return what people set for an action, the latest word last."""
    return {name: value for said in brief.guidance for name, value in said.edits.get(action, {}).items()}


class LoanTerms:
    """Look up the loan of each book that an item names; a book that is not lent is passed over."""

    uses: ClassVar[tuple[type[System], ...]] = (Shelf,)
    needs: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = _Config

    def __init__(self, systems: Systems) -> None:
        self._shelf = systems.get(Shelf)

    async def examine(self, brief: Brief) -> Finding:
        days = _Config.model_validate(brief.config).days
        evidence, statements, recommended = [], [], []
        for item in brief.items:
            book = item.fields["book"].lower()
            for (due,) in self._shelf.rows("SELECT due FROM loans WHERE book = ?", book):
                known, mine = f"loan_terms.{book}", (item.item_id,)
                line = f"{book.capitalize()} is due back on {due}"
                cited = Evidence(evidence_id=known, source="records", reference=f"loan of {book}", text=line)
                evidence.append(cited)
                if item.kind == "extension":
                    line = f"{line}; we extend it"
                    asked = f"loan_terms.asked.{item.item_id}"
                    evidence.append(
                        Evidence(evidence_id=asked, source="request", reference=item.item_id, text=item.text)
                    )
                    recommended.append(
                        RecommendedAction(
                            name="extend_loan",
                            subject=book,
                            parameters={"book": book, "days": days} | _edits(brief, f"extend_loan/{book}"),
                            item_ids=mine,
                            why="the reader asks for more time",
                            evidence_ids=(known, asked),
                        )
                    )
                statements.append(Statement(text=f"{line}.", item_ids=mine, evidence_ids=(known,)))
        return Finding(
            handoff=brief.handoff,
            specialist="loan_terms",
            status=FindingStatus.FOUND if statements else FindingStatus.NOTHING,
            summary=f"{len(statements)} loans found",
            evidence=tuple(evidence),
            statements=tuple(statements),
            recommended=tuple(recommended),
        )
'''

SLIP_FORM: Final = '''"""Checks that a slip fits the printer."""

from typing import ClassVar

from activities.contracts import System, Systems
from dispatch.models.contract import Contract
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.severity import Severity
from dispatch.models.work.proposal import Review, ReviewBrief


class _Config(Contract):
    max_lines: int


class SlipForm:
    """Flag a slip with too many lines."""

    uses: ClassVar[tuple[type[System], ...]] = ()
    Config: ClassVar[type[Contract]] = _Config

    def __init__(self, systems: Systems) -> None:
        del systems

    async def review(self, brief: ReviewBrief) -> Review:
        lines, most = brief.proposal.draft.text.count("\\n") + 1, _Config.model_validate(brief.config).max_lines
        text = f"the slip has {lines} lines"
        flagged = ReviewException(
            reviewer="slip_form", standard="slip_form.lines", severity=Severity.MINOR, text=text
        )
        return Review(
            handoff=brief.handoff, reviewer="slip_form", exceptions=(flagged,) if lines > most else ()
        )
'''

SLIP: Final = '''"""Writes what was found as a slip."""

from typing import ClassVar

from dispatch.models.contract import Contract
from dispatch.models.work.composition import ComposeBrief, Composition
from dispatch.models.work.proposal import Draft


class _Config(Contract):
    footer: str


class Slip:
    """Write one line for each statement, and a footer; the draft is the parameter `lines`."""

    Config: ClassVar[type[Contract]] = _Config

    def compose(self, brief: ComposeBrief) -> Composition:
        lines = [*(said.text for said in brief.statements), _Config.model_validate(brief.config).footer]
        text = "\\n".join(lines)
        return Composition(
            draft=Draft(title="Slip", text=text, statements=brief.statements, parameter="lines"),
            parameters={"reader": brief.requester.address, "lines": text},
            subject="slip",
        )
'''
