"""What an auditor asks of all requests at once, as SQL over the extract (DuckDB).

Each question is a query with its own parameters; nothing of a question changes anything. Amounts are in minor units of
their currency; times are UTC; a follow-up's workflow counts as a request of its own.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from dispatch.models.errors import AuditStoreError

THREADS: Final = 2

_ACTION: Final = "name VARCHAR, subject VARCHAR, amount_minor BIGINT, currency VARCHAR"
_COLUMNS: Final[Mapping[str, str]] = {
    "seq": "BIGINT",
    "line": "VARCHAR",
    "request_id": "VARCHAR",
    "workflow_type": "VARCHAR",
    "desk": "VARCHAR",
    "playbook_version": "VARCHAR",
    "playbook_digest": "VARCHAR",
    "priority": "BIGINT",
    "requester": "VARCHAR",
    "opened_at": "TIMESTAMP",
    "closed_at": "TIMESTAMP",
    "ending": "VARCHAR",
    "guarded": f"STRUCT(event_id BIGINT, moment TIMESTAMP, {_ACTION}, digest VARCHAR, guard_decision VARCHAR, tier VARCHAR, "
    "rules VARCHAR[], reasons VARCHAR)[]",
    "actions": f"STRUCT(event_id BIGINT, moment TIMESTAMP, {_ACTION}, status VARCHAR, effect_id VARCHAR, "
    "guard_decision VARCHAR, tier VARCHAR, approvers VARCHAR[])[]",
    "decisions": "STRUCT(event_id BIGINT, moment TIMESTAMP, approval_request VARCHAR, decision_type VARCHAR, approver VARCHAR, "
    "reason VARCHAR, about VARCHAR, subject VARCHAR, amount_minor BIGINT, currency VARCHAR, guard_decision VARCHAR, "
    "tier VARCHAR, rules VARCHAR[], reasons VARCHAR, seconds DOUBLE, signed_with VARCHAR)[]",
    "refused": 'STRUCT(moment TIMESTAMP, what VARCHAR, "by" VARCHAR, why VARCHAR)[]',
    "waits": "STRUCT(approval_request VARCHAR, owner VARCHAR, moment TIMESTAMP, seconds DOUBLE)[]",
}
_LATEST: Final = (
    "(SELECT * FROM told QUALIFY row_number() OVER (PARTITION BY request_id ORDER BY seq DESC) = 1)"
)
"""A request that was exported again after a reset counts as its last export has it."""


@dataclass(frozen=True)
class Question:
    """One question: `takes` names the parameters that it uses beside the period."""

    name: str
    text: str
    sql: str
    takes: tuple[str, ...] = ()


QUESTIONS: Final = (
    Question(
        "amounts",
        "Which actions went above an amount, and who approved them?",
        """
        SELECT moment, request_id, name AS action, subject, amount_minor, currency, status, tier,
               CASE WHEN len(approvers) = 0 THEN 'nobody: the guardian allowed it'
                    ELSE array_to_string(approvers, ' and ') END AS approved_by
        FROM action
        WHERE amount_minor > $above AND ($currency IS NULL OR currency = $currency)
              AND moment >= $since AND moment < $until
        ORDER BY amount_minor DESC, moment, request_id
        """,
        ("above", "currency"),
    ),
    Question(
        "fast",
        "Which approvals came faster than a person can read?",
        """
        SELECT moment, request_id, approver, approval_request, about AS action, amount_minor, currency, tier, round(seconds, 1) AS seconds
        FROM decision
        WHERE decision_type = 'approve' AND seconds < $seconds AND moment >= $since AND moment < $until
        ORDER BY seconds, moment, request_id
        """,
        ("seconds",),
    ),
    Question(
        "pairs",
        "Who approves whose requests?",
        """
        SELECT approver, requester, count(*) AS approvals, count(DISTINCT request_id) AS requests,
               coalesce(sum(amount_minor), 0) AS amount_minor, currency,
               round(median(seconds), 1) AS median_seconds
        FROM decision
        WHERE decision_type = 'approve' AND approval_request = 'approval' AND moment >= $since AND moment < $until
        GROUP BY approver, requester, currency
        ORDER BY approvals DESC, approver, requester, currency
        """,
    ),
    Question(
        "refused",
        "Which decisions and messages were refused, and why?",
        """
        SELECT moment, request_id, what, "by", why
        FROM refusal
        WHERE moment >= $since AND moment < $until
        ORDER BY moment, request_id
        """,
    ),
    Question(
        "overrides",
        "Where did a person let through what the guardian had raised above its ordinary tier, or settle what it blocked?",
        """
        SELECT moment, request_id, approver, decision_type, about AS action, subject, amount_minor, currency, tier,
               'held: ' || reasons AS guardian_said, reason
        FROM decision
        WHERE approval_request = 'approval' AND decision_type IN ('approve', 'edit') AND moment >= $since AND moment < $until
              AND len(list_filter(rules, lambda rule: rule NOT LIKE 'tier.%' AND rule <> 'amount.tier')) > 0
        UNION ALL
        SELECT d.moment, d.request_id, d.approver, d.decision_type, g.name, g.subject, g.amount_minor, g.currency, g.tier,
               'blocked: ' || g.reasons, d.reason
        FROM decision d JOIN guarded g ON g.request_id = d.request_id AND g.guard_decision = 'block'
        WHERE d.approval_request = 'escalation' AND d.decision_type IN ('settle', 'approve') AND d.moment >= $since AND d.moment < $until
        ORDER BY moment, request_id
        """,
    ),
    Question(
        "waits",
        "How long did requests wait, and for whom?",
        """
        SELECT approval_request AS "for", owner, count(*) AS waits, count(DISTINCT request_id) AS requests,
               round(median(seconds), 1) AS median_seconds, round(quantile_cont(seconds, 0.95), 1) AS p95_seconds,
               round(max(seconds), 1) AS longest_seconds, round(sum(seconds) / 3600, 2) AS total_hours
        FROM wait
        WHERE moment >= $since AND moment < $until
        GROUP BY approval_request, owner
        ORDER BY total_hours DESC, approval_request, owner
        """,
    ),
    Question(
        "playbooks",
        "How many requests ran under which version of a playbook, and how did they end?",
        """
        SELECT desk, playbook_version AS version, left(playbook_digest, 12) AS digest, ending, count(*) AS requests,
               min(opened_at) AS first, max(opened_at) AS last
        FROM request
        WHERE workflow_type = 'Coordinator' AND opened_at >= $since AND opened_at < $until
        GROUP BY ALL
        ORDER BY desk, version, digest, requests DESC, ending
        """,
    ),
)
BY_NAME: Final = {question.name: question for question in QUESTIONS}


@dataclass(frozen=True)
class Asked:
    """The parameters of all questions; a period is from `since` up to and without `until`."""

    above: int = 0
    currency: str | None = None
    seconds: float = 30.0
    since: date | datetime = date(1970, 1, 1)
    until: date | datetime = date(9999, 1, 1)


@dataclass(frozen=True)
class Answer:
    """The answer to one question, as a table."""

    question: Question
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def as_records(self) -> list[dict[str, Any]]:
        """Return the rows as JSON values by column; times as ISO 8601."""
        return [
            {name: _plain(value) for name, value in zip(self.columns, row, strict=True)} for row in self.rows
        ]


class Extract:
    """The extract, loaded: answers as many questions as are asked. Close it after use."""

    def __init__(self, file: Path) -> None:
        """Load the file; raises AuditStoreError where it is no extract."""
        self._db = duckdb.connect(config={"threads": THREADS})
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
        try:
            self._db.execute(
                f"CREATE TABLE told AS SELECT * FROM read_json($file, format = 'newline_delimited', "  # noqa: S608 (our own columns)
                f"columns = {{{columns}}}, maximum_object_size = 268435456)",
                {"file": str(file)},
            )
            self._db.execute(f"CREATE VIEW request AS FROM {_LATEST}")
            for view, column in (
                ("action", "actions"),
                ("decision", "decisions"),
                ("guarded", "guarded"),
                ("refusal", "refused"),
                ("wait", "waits"),
            ):
                self._db.execute(
                    f"CREATE TABLE {view} AS SELECT request_id, requester, desk, unnest({column}, max_depth := 2) "  # noqa: S608 (names from above)
                    "FROM request"
                )
        except duckdb.Error as error:
            self._db.close()
            raise AuditStoreError(
                f"{file} is no extract of this version ({str(error)[:200]}); remove it and ask again: it is rebuilt"
            ) from None

    def close(self) -> None:
        self._db.close()

    @property
    def requests(self) -> int:
        """How many requests it holds."""
        found = self._db.execute("SELECT count(*) FROM request").fetchone()
        return int(found[0]) if found else 0

    def answer(self, question: Question, asked: Asked) -> Answer:
        """Ask one question."""
        given = {name: getattr(asked, name) for name in ("since", "until", *question.takes)}
        found = self._db.execute(question.sql, given)
        columns = tuple(column[0] for column in found.description or ())
        return Answer(question, columns, found.fetchall())


def answers(file: Path, asked: Asked, names: tuple[str, ...] = ()) -> list[Answer]:
    """Ask the named questions of an extract, all of them where none is named."""
    with closing(Extract(file)) as extract:
        return [extract.answer(BY_NAME[name], asked) for name in names or tuple(BY_NAME)]


def _plain(value: Any) -> Any:
    """Write a time, which DuckDB gives without its zone, as the UTC that it is."""
    return f"{value.isoformat(timespec='seconds')}Z" if isinstance(value, datetime) else value
