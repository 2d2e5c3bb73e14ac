import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.models.canonical import digest_of
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import FieldSpec, Tier
from dispatch.playbooks.desk_folders import desk_folders, load_desks
from dispatch.playbooks.field_checks import field_problems, has_nested_repeats
from dispatch.playbooks.loader import Playbooks, load_playbooks
from runtime.settings import SHIPPED_DESKS
from tests.asked import playbook_content

RECEPTION = "routing:\n  approvers: [reception]\n  deadline: 1 day\n"

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reception.yaml").write_text(RECEPTION, encoding="utf-8")
    return tmp_path


def refused(folder: Path) -> PlaybookError:
    with pytest.raises(PlaybookError) as caught:
        load_playbooks(folder)
    error = caught.value
    assert error.problem
    assert error.remedy.endswith((".", "after it."))
    assert str(error) == f"{error.file}: at {error.path or 'the top'}: {error.problem}. {error.remedy}"
    return error


def shipped() -> Playbooks:
    return load_desks(desk_folders([SHIPPED_DESKS]), SHIPPED_DESKS)


def refused_text(folder: Path, text: str | bytes) -> PlaybookError:
    (folder / "support.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return refused(folder)


def put(path: str, value: Any) -> Change:
    """Return a change that sets 'a.b.c' to a value."""

    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for part in parents:
            content = content.setdefault(part, {})
        content[last] = value

    return change


def test_what_is_shipped_loads() -> None:
    """The desk that everybody starts with holds, and its digest is the one of its content."""
    playbooks = shipped()
    support = playbooks.by_desk["support"]
    assert support.ref.digest == digest_of(support.playbook)
    assert (support.ref.desk, support.ref.version) == ("support", support.playbook.version)
    assert playbooks.reception.routing.approvers[0] == "reception"


def test_the_shipped_desk_never_asks_less_for_more_money() -> None:
    """Each currency goes through all tiers and ends in a hold, so that the guardian blocks what is above."""
    amounts = shipped().by_desk["support"].playbook.guardian.actions["issue_refund"].amounts
    assert set(amounts) == {"EUR", "USD", "GBP", "JPY"}
    assert all([s.tier for s in steps] == [*Tier] for steps in amounts.values())


def test_a_small_playbook_loads(folder: Path) -> None:
    """The content that the tests below spoil is valid."""
    (folder / "support.yaml").write_text(yaml.safe_dump(playbook_content()), encoding="utf-8")
    assert list(load_playbooks(folder).by_desk) == ["support"]


RULE = {"name": "r", "when": {"intent": "refund"}, "do": "escalate", "why": "so"}
FIELD = {"question": "Q?", "pattern": r"\d+", "example": "1"}

WRONG: list[tuple[Change, str, str]] = [
    (put("colour", "red"), "colour", "the field 'colour' is unknown"),
    (put("guardian.link_host", []), "guardian.link_host", "the field 'link_host' is unknown"),
    (lambda c: c.pop("deliver"), "deliver", "it is missing"),
    (lambda c: c["contact"].pop("action"), "contact.action", "it is missing"),
    (put("priority", "high"), "priority", "Input should be a valid integer"),
    (put("priority", 9), "priority", "less than or equal to 5"),
    (put("version", 1.0), "version", "Input should be a valid string"),
    (put("version", "1.0"), "version", "'1.0' does not have the right form"),
    (put("missing_information.deadline", 3), "missing_information.deadline", "3 is not a duration"),
    (put("missing_information.deadline", "soon"), "missing_information.deadline", "'soon' is not a duration"),
    (
        put("missing_information.reminders", ["4 days"]),
        "missing_information",
        "last reminder must come before",
    ),
    (put("escalation.escalate_after", "9 days"), "escalation", "escalate_after must be shorter"),
    (put("plan.groups", [["records", 7]]), "plan.groups[0][1]", "Input should be a valid string"),
    (
        put("intents.refund.answer", "both"),
        "intents.refund",
        "give exactly one of specialists, answer, refuse",
    ),
    (put("desk", "sales"), "desk", "the desk is called 'sales' and its file 'support.yaml'"),
    (
        put("plan.groups", [["records"], ["policy"], ["ghost"]]),
        "plan.groups[2][0]",
        "there is no specialist 'ghost'",
    ),
    (
        put("plan.groups", [["records"], ["policy", "records"]]),
        "plan.groups[1][1]",
        "stands in the groups twice",
    ),
    (put("plan.groups", [["records", "policy"], []]), "plan.groups[1]", "the group is empty"),
    (
        put("intents.refund.specialists", ["ghost"]),
        "intents.refund.specialists[0]",
        "there is no specialist 'ghost'",
    ),
    (
        put("plan.groups", [["records"]]),
        "intents.damaged.specialists[1]",
        "policy is in no group of plan.groups",
    ),
    (put("intents.refund.requires", ["ghost"]), "intents.refund.requires[0]", "there is no field 'ghost'"),
    (
        put("intents.other", {"phrases": ["x"], "answer": "y"}),
        "intents.other",
        "'other' is the name for what no intent fits",
    ),
    (
        put("intents.refund.phrases", ["refund", "?!"]),
        "intents.refund.phrases[1]",
        "the phrase '?!' holds no word",
    ),
    (put("routing.phrases", [""]), "routing.phrases[0]", "holds no word"),
    (
        put("routing_rules", [{**RULE, "when": {"intent": "ghost"}}]),
        "routing_rules[0].when.intent",
        "there is no intent 'ghost'",
    ),
    (
        put("routing_rules", [{**RULE, "when": {"specialist": "ghost", "status": "found"}}]),
        "routing_rules[0].when.specialist",
        "there is no specialist 'ghost'",
    ),
    (
        put("routing_rules", [{**RULE, "do": "ask", "field": "ghost"}]),
        "routing_rules[0].field",
        "there is no field 'ghost'",
    ),
    (put("routing_rules", [{**RULE, "do": "ask"}]), "routing_rules[0]", "ask needs a field"),
    (
        put("routing_rules", [{**RULE, "do": "dance"}]),
        "routing_rules[0].do",
        "Input should be 'ask', 'escalate' or 'assemble'",
    ),
    (
        put("routing_rules", [{**RULE, "when": {"specialist": "records"}}]),
        "routing_rules[0].when",
        "needs a status",
    ),
    (
        put("routing_rules", [RULE, dict(RULE, when={"intent": "other"})]),
        "routing_rules[1].name",
        "the name 'r' is taken",
    ),
    (put("routing_rules", [{**RULE, "name": "plan"}]), "routing_rules[0].name", "the name 'plan' is taken"),
    (put("fields.size", {**FIELD, "pattern": "(a"}), "fields.size.pattern", "it is not a regular expression"),
    (
        put("fields.size", {**FIELD, "pattern": r"\d*"}),
        "fields.size.pattern",
        "the pattern matches empty text",
    ),
    (put("fields.size", {**FIELD, "pattern": r"(\d+)+"}), "fields.size.pattern", "inside a repeated group"),
    (put("fields.size", {**FIELD, "pattern": "1" * 1001}), "fields.size.pattern", "longer than 1,000"),
    (
        put("fields.size", {**FIELD, "example": "x"}),
        "fields.size.example",
        "does not match the pattern in full",
    ),
    (
        put("fields.size", {**FIELD, "example": {"en": "12", "de": "zwölf"}}),
        "fields.size.example",
        "the example 'zwölf' does not match the pattern in full",
    ),
    (
        put("guardian.actions.send_reply.tier", "high"),
        "guardian.actions.send_reply.tier",
        "tier 'high' is not declared",
    ),
    (
        put("guardian.actions.issue_refund.amounts", {"EUR": [{"up_to_minor": 5, "tier": "critical"}]}),
        "guardian.actions.issue_refund.amounts.EUR[0].tier",
        "tier 'critical' is not declared",
    ),
    (
        put("guardian.actions.issue_refund.amounts", {"euro": [{"up_to_minor": 5, "tier": "low"}]}),
        "guardian.actions.issue_refund.amounts.euro",
        "'euro' is no ISO 4217 currency",
    ),
    (
        put("guardian.tiers.extreme", {"approval": {"signatures": 0}}),
        "guardian.tiers.extreme",
        "Input should be 'low'",
    ),
    (
        put("guardian.tiers.high", {"approval": {"signatures": 0}}),
        "guardian.tiers.high.approval",
        "{signatures: 0} is too little for tier high",
    ),
    (
        put(
            "guardian.tiers.high",
            {"approval": {"signatures": 1}, "waiting": {"approvers": ["a"], "deadline": "1 day"}},
        ),
        "guardian.tiers.high.approval",
        "{signatures: 1} is too little for tier high",
    ),
    (
        put(
            "guardian.tiers.critical",
            {
                "approval": {"signatures": 1, "signed": True},
                "waiting": {"approvers": ["a"], "deadline": "1 day"},
            },
        ),
        "guardian.tiers.critical.approval",
        "{signatures: 1, signed: true} is too little for tier critical",
    ),
    *(
        (
            put("guardian.tiers.low", {"approval": word}),
            "guardian.tiers.low.approval",
            f"{word!r} is no approval; write {instead}",
        )
        for word, instead in {
            "none": "{signatures: 0}",
            "named": "{signatures: 1}",
            "signed": "{signatures: 1, signed: true}",
            "two_signed": "{signatures: 2, signed: true}",
            "three": "{signatures: 1} or {signatures: 2, signed: true}",
        }.items()
    ),
    (
        put("guardian.tiers.low", {"approval": {"signatures": 6}}),
        "guardian.tiers.low.approval.signatures",
        "less than or equal to 5",
    ),
    (
        put("guardian.tiers.low", {"approval": {"signatures": -1}}),
        "guardian.tiers.low.approval.signatures",
        "greater than or equal to 0",
    ),
    (
        put("guardian.tiers.low", {"approval": {"signatures": True}}),
        "guardian.tiers.low.approval.signatures",
        "valid integer",
    ),
    (
        put("guardian.tiers.low", {"approval": {"signatures": 0, "signed": True}}),
        "guardian.tiers.low.approval",
        "signed needs at least one signature",
    ),
    (
        put(
            "guardian.tiers",
            {
                "low": {"approval": {"signatures": 2}, "waiting": {"approvers": ["a"], "deadline": "1 day"}},
                "high": {
                    "approval": {"signatures": 1, "signed": True},
                    "waiting": {"approvers": ["a"], "deadline": "1 day"},
                },
            },
        ),
        "guardian.tiers.high.approval",
        "{signatures: 1, signed: true} requires less than {signatures: 2} of the lower tier low",
    ),
    (
        put("guardian.tiers.low", {"approval": {"signatures": 1}}),
        "guardian.tiers.low",
        "waiting belongs to tiers",
    ),
    (put("review.mend", ["oracle"]), "review.mend[0]", "oracle is in no group of plan.groups"),
    (put("deliver.action", "post"), "deliver.action", "guardian.actions does not list 'post'"),
    (put("contact.policy.tier", "medium"), "contact.policy.tier", "no question waits for one"),
    (put("contact", None), "notices.rejected", "there is no contact by which it could be told"),
    (put("deliver", None), "contact.compose", "there is no composer to share"),
    (put("contact.config", {"a": "b"}), "contact", "config needs compose"),
    (put("notices.finished", "x"), "notices.finished", "'finished' is no ending with a notice"),
    (put("notices.done", "x"), "notices.done", "'done' is no ending with a notice"),
    (put("specialists.records", {"config": {"x": float("nan")}}), "", "a number or text that JSON cannot"),
]


@pytest.mark.parametrize(
    ("change", "path", "problem"), WRONG, ids=[f"{p or 'top'}-{t[:30]}" for _, p, t in WRONG]
)
def test_each_kind_of_error_names_file_path_and_remedy(
    folder: Path, change: Change, path: str, problem: str
) -> None:
    """The loader says where a playbook is wrong and what to do, before any request uses it."""
    content = playbook_content()
    change(content)
    error = refused_text(folder, yaml.safe_dump(content))
    assert error.file == str(folder / "support.yaml")
    assert error.path == path
    assert problem in error.problem


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        ("desk: [support", "line 2, column 1", "it is not YAML"),
        ("desk: support\n\tversion: 1", "line 2, column 1", "it is not YAML"),
        ("a: 1\n---\nb: 2", "line 2, column 1", "it is not YAML"),
        ("", "", "it is empty and no mapping"),
        ("- desk", "", "it is a list and no mapping"),
        ("just words", "", "it is a text and no mapping"),
        ("desk: a\nversion: 1\ndesk: b", "line 3, column 1", "the key 'desk' stands twice, first in line 1"),
        ("asks:\n  x: 1\n  x: 2", "line 3, column 3", "the key 'x' stands twice, first in line 2"),
        ("a: &x [1]\nb: *x", "line 2, column 4", "an alias (*name)"),
        ("? [a]\n: b", "line 1, column 3", "a key that is no plain text"),
        ("desk: !!python/object/apply:os.system ['true']", "line 1, column 7", "a tag: "),
        ("desk: !secret x", "line 1, column 7", "a tag: "),
        ("desk: 2026-02-31", "", "a value cannot be read"),
        (b"desk: caf\xe9", "byte 9", "it is not UTF-8"),
        ("desk: a\x07b", "", "it is not YAML"),
        ("[" * 5000, "", "it is nested too deeply"),
        ("a: " + "x" * 1_000_000, "", "it is larger than 1,000,000 bytes"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(folder: Path, text: str | bytes, path: str, problem: str) -> None:
    """YAML's traps are closed, and the place is given by line and column."""
    error = refused_text(folder, text)
    assert (error.path, error.file) == (path, str(folder / "support.yaml"))
    assert error.problem.startswith(problem)


def test_laughs_by_the_billion_are_refused_at_once(folder: Path) -> None:
    """Aliases that would unfold to gigabytes are never followed."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert refused_text(folder, "\n".join(rows)).problem == "an alias (*name)"


def test_a_wrong_spelling_is_helped_with(folder: Path) -> None:
    """The likely field is named, and how many problems are left."""
    content = playbook_content()
    content["guardian"]["actoins"] = []
    content["colour"] = "red"
    error = refused_text(folder, yaml.safe_dump(content))
    assert error.remedy == (
        "Did you mean 'actions'? Remove it or correct its spelling. 1 more problem follows after it."
    )


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """The setting is named."""
    error = refused(tmp_path / "nowhere")
    assert (error.problem, error.file) == ("there is no such folder", str(tmp_path / "nowhere"))
    assert "DISPATCH_PLAYBOOKS_DIR" in error.remedy


def test_a_folder_without_a_playbook_is_refused(folder: Path) -> None:
    """A desk that could handle nothing does not start."""
    assert refused(folder).problem == "it holds no playbook"


def test_without_a_reception_nobody_routes(folder: Path) -> None:
    """Who routes what no desk fits must be known before the first request."""
    (folder / "support.yaml").write_text(yaml.safe_dump(playbook_content()), encoding="utf-8")
    (folder / "reception.yaml").unlink()
    assert refused(folder).file == str(folder / "reception.yaml")


def test_a_wrong_reception_is_refused(folder: Path) -> None:
    """It is validated as strictly as a desk."""
    (folder / "support.yaml").write_text(yaml.safe_dump(playbook_content()), encoding="utf-8")
    (folder / "reception.yaml").write_text("routing: {approvers: [], deadline: 1 day}", encoding="utf-8")
    assert refused(folder).path == "routing.approvers"


def test_a_yml_is_not_passed_over(folder: Path) -> None:
    """A desk that would silently not exist is an error."""
    (folder / "sales.yml").write_text("desk: sales", encoding="utf-8")
    assert refused(folder).problem == "it ends in .yml and would be passed over"


def test_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    """A folder of a playbook's name is no playbook."""
    (folder / "support.yaml").mkdir()
    assert refused(folder).problem == "it cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("pattern", "nested"),
    [
        (r"(a+)+", True),
        (r"(?:a*b?)*", True),
        (r"((a+)b)+", True),
        (r"(a+){2,}", True),
        (r"((ab)+)*", True),
        (r"(?:a{1,20})+", False),
        (r"(a+)b+", False),
        (r"[(a+)]+", False),
        (r"\(a+\)+", False),
        (r"(?:ab)?c+", False),
        (r"DD-\d{5}", False),
    ],
)
def test_nested_repeats_are_told_from_harmless_ones(pattern: str, nested: bool) -> None:  # noqa: FBT001 (parametrised)
    """Only what can run forever is refused."""
    re.compile(pattern)
    assert has_nested_repeats(pattern) is nested


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (r"\d+X", "1X"),
        (r"[A-Z]+\d", "A1"),
        (r"\w{1,50}\w{1,50}\w{1,50}x", "aax"),
        (r"(a{1,20}){1,20}b", "ab"),
        (r"x.*y.*z!", "xyz!"),
    ],
)
def test_a_pattern_that_a_long_text_slows_down_is_refused(pattern: str, example: str) -> None:
    """The person who writes the desk learns it, and not the one whose mail comes next to a stranger's."""
    spec = FieldSpec(question="Which?", pattern=pattern, example=example)
    ((path, problem, remedy),) = field_problems({"size": spec})
    assert path == "fields.size.pattern"
    assert problem.startswith("it takes more than linear time over a text of many ")
    assert "Bound its repeats" in remedy


def test_a_pattern_made_linear_is_taken() -> None:
    """What the remedy advises passes."""
    spec = FieldSpec(question="Which?", pattern=r"(?<![A-Z])[A-Z]++\d", example="AB1")
    assert list(field_problems({"size": spec})) == []
