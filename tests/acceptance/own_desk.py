"""A desk that a business could write: a library that extends loans and prints slips, and never sends a mail.

It has nothing in common with the shipped desk: its two systems share an SQLite file, its actions, composer, specialist
and reviewer are its own.
"""

import copy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import yaml

from tests.acceptance.own_desk_actions import EXTEND_LOAN, PRINT_SLIP
from tests.acceptance.own_desk_roles import COUNTER, LOAN_TERMS, SHELF, SLIP, SLIP_FORM

DESK: Final = "library"
DATABASE: Final = "DISPATCH_LIBRARY_DATABASE"
MEMBER: Final = "ines@members.example"
STRANGER: Final = "somebody@elsewhere.example"

Change = Callable[[dict[str, Any]], None]

PLAYBOOK: Final = """
desk: library
version: 1.0.0
description: Loans of a library.
routing: {phrases: [loan, borrowed book]}
intents:
  extension: {phrases: [extend], requires: [book], specialists: [loan_terms]}
  due_date: {phrases: [due back], requires: [book], specialists: [loan_terms]}
fields:
  book: {question: 'Which book is it?', pattern: '(?i)\\b(?:walden|emma|ulysses)\\b', example: walden}
missing_information: {deadline: 3 days}
plan: {groups: [[loan_terms]], max_specialists: 1}
specialists: {loan_terms: {config: {days: 14}}}
review: {reviewers: {slip_form: {config: {max_lines: 12}}}, max_rounds: 1}
guardian:
  tiers:
    low: {approval: {signatures: 0}}
    medium: {approval: {signatures: 1}, waiting: {approvers: [librarian], deadline: 2 days}}
  actions:
    extend_loan:
      tier: low
      amounts: {EUR: [{up_to_minor: 100, tier: low}, {up_to_minor: 900, tier: medium}]}
      requires_intent: extension
      editable: [days]
      policy: {max_reservations: 2}
    print_slip: {tier: low}
escalation: {approvers: [head-librarian], deadline: 5 days}
deliver: {action: print_slip, compose: slip, config: {footer: Your library}}
"""

_FILES: Final = {
    "systems/shelf.py": SHELF,
    "systems/counter.py": COUNTER,
    "specialists/loan_terms.py": LOAN_TERMS,
    "composers/slip.py": SLIP,
    "reviewers/slip_form.py": SLIP_FORM,
    "actions/extend_loan.py": EXTEND_LOAN,
    "actions/print_slip.py": PRINT_SLIP,
}

_TABLES: Final = """
CREATE TABLE members (address TEXT);
CREATE TABLE loans (book TEXT, due TEXT);
CREATE TABLE reservations (book TEXT, reader TEXT);
CREATE TABLE extensions (key TEXT PRIMARY KEY, book TEXT, days INTEGER);
CREATE TABLE slips (key TEXT PRIMARY KEY, reader TEXT, lines TEXT);
INSERT INTO loans VALUES ('walden', '3 March'), ('emma', '9 March');
INSERT INTO reservations VALUES ('walden', 'R-7');
"""


def playbook_with(*changes: Change) -> dict[str, Any]:
    """Return the playbook with some changes."""
    document: dict[str, Any] = yaml.safe_load(PLAYBOOK)
    for change in changes:
        change(document)
    return document


def replies_by_mail(playbook: dict[str, Any]) -> None:
    """Let the desk deliver by mail, which tells what records hold to members only; it still asks nobody by mail."""
    playbook["guardian"]["actions"]["send_reply"] = {"tier": "low", "policy": {"address_book": "shelf"}}
    texts = {"greeting": "Dear {name},", "greeting_without_name": "Hello,", "closing": "Kind regards"}
    playbook["deliver"] = {
        "action": "send_reply",
        "compose": "letter",
        "config": {**texts, "signature": "The library"},
    }


def write_desk(home: Path, playbook: dict[str, Any]) -> None:
    """Write the desk into a folder of desks."""
    for name, source in _FILES.items():
        file = home / DESK / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    (home / DESK / "playbook.yaml").write_text(yaml.safe_dump(copy.deepcopy(playbook)), encoding="utf-8")


def open_library(database: Path) -> None:
    """Make the library's file, with two loans, a member, and a reservation of one book."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(_TABLES)
        connection.execute("INSERT INTO members VALUES (?)", (MEMBER,))
        connection.commit()


def rows_of(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what the library's file holds."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()
