"""Longer than other files: one table holds every mistake of a playbook against the classes.

The catalogue: strict discovery, activities that tell who acts, playbooks held against what there is.

The contract tests run over everything that is discovered, so that a newcomer gets them with its file.
"""

import asyncio
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalogue import Catalogue
from activities.contracts import Reviewer, Specialist, Systems
from activities.discovery import class_name
from activities.permits import Permits
from dispatch.models.errors import CatalogueError, PlaybookError
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import Review
from tests.desk import SHIPPED
from tests.support_desk import assemble, assembly_brief, brief, item, playbook, review_brief

CATALOGUE = Catalogue.discover(("desks.support", "channels.mail"))
ROLES: dict[str, type[Specialist | Reviewer]] = {**CATALOGUE.specialist_classes, **CATALOGUE.reviewer_classes}
DESKS = SHIPPED.by_desk
NO_SYSTEMS = Systems()

SPECIALIST = """
from typing import ClassVar
from dispatch.models.contract import Contract

class {name}:
    uses: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = Contract

    def __init__(self, systems): ...
    async def examine(self, brief): ...
"""
COMPOSER = SPECIALIST.replace("async def examine", "def compose")
REVIEWER = SPECIALIST.replace("examine", "review")
ACTION = """
from dispatch.guard.contract import NoFacts, NoPolicy
from dispatch.guard.risk import Inspection
from dispatch.models.contract import Contract

class {name}:
    uses = ()
    title = "Something"
    Parameters = Contract
    Facts = NoFacts
    Policy = NoPolicy
    compensable = False
    pays = False

    @staticmethod
    async def facts(systems, context): ...
    @staticmethod
    def guard(parameters, facts, context): return Inspection()
    @staticmethod
    def amount(parameters): ...
    @staticmethod
    def expected(parameters): ...

    def __init__(self, systems): ...
    async def perform(self, order): ...
    async def compensate(self, order): ...
    @staticmethod
    async def read_back(systems, bound): ...
"""

Packages = Callable[..., tuple[str, ...]]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    """Return a function that writes a package with four folders, each {file: text}, and names it for discover()."""
    prefix = f"sets_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    monkeypatch.syspath_prepend(tmp_path)

    def write(**sets: dict[str, str]) -> tuple[str, ...]:
        for each in ("specialists", "composers", "reviewers", "actions"):
            folder = tmp_path / prefix / each
            folder.mkdir(parents=True)
            (folder / "__init__.py").touch()
            for file, text in sets.get(each, {}).items():
                (folder / file).write_text(text, encoding="utf-8")
        return (prefix,)

    return write


def test_a_file_with_its_class_is_all_that_a_newcomer_needs(packages: Packages) -> None:
    """One file in each folder is found under the file's name."""
    found = Catalogue.discover(
        packages(
            specialists={"stock_check.py": SPECIALIST.format(name="StockCheck")},
            composers={"wall_notice.py": COMPOSER.format(name="WallNotice")},
            reviewers={"house_style.py": REVIEWER.format(name="HouseStyle")},
            actions={"book_courier.py": ACTION.format(name="BookCourier")},
        )
    )
    names = (found.specialist_classes, found.composer_classes, found.reviewer_classes, found.action_classes)
    assert [list(each) for each in names] == [
        ["stock_check"],
        ["wall_notice"],
        ["house_style"],
        ["book_courier"],
    ]


def test_a_composer_only_computes(packages: Packages) -> None:
    """It runs inside the workflow's task, so it does not wait."""
    text = COMPOSER.format(name="Slip").replace("def compose", "async def compose")
    with pytest.raises(CatalogueError, match=r"slip\.py: Slip lacks compose .*write def compose\(self"):
        Catalogue.discover(packages(composers={"slip.py": text}))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"lonely.py": "x = 1\n"}, r"lonely\.py: holds no class; write the specialist as class Lonely"),
        (
            {"twins.py": SPECIALIST.format(name="Twins") + "class Other: ...\n"},
            r"twins\.py: holds 2 classes \(Other, Twins\); keep Twins",
        ),
        (
            {"stock_check.py": SPECIALIST.format(name="StockTaker")},
            r"stock_check\.py: holds class StockTaker; name it StockCheck",
        ),
        (
            {"broken.py": "def oops(:\n"},
            r"broken\.py: cannot be imported \(SyntaxError: .*; correct it",
        ),
        (
            {"odd.py": SPECIALIST.format(name="Odd").replace("examine", "look")},
            r"odd\.py: Odd lacks examine as its contract has it; write async def examine",
        ),
        (
            {"slow.py": SPECIALIST.format(name="Slow").replace("async def", "def")},
            r"slow\.py: Slow lacks examine",
        ),
        (
            {"bare.py": SPECIALIST.format(name="Bare").replace("= Contract", "= dict")},
            r"bare\.py: Bare lacks Config .*a Contract",
        ),
        (
            {"far.py": SPECIALIST.format(name="Far").replace("= ()", '= ("moon",)')},
            r"far\.py uses 'moon', which is no system that was found; give some of: none",
        ),
    ],
)
def test_a_file_that_does_not_hold_is_refused_in_one_sentence(
    packages: Packages, files: dict[str, str], said: str
) -> None:
    """The sentence names the file and what to do, and there is no second one."""
    names = packages(specialists=files)
    with pytest.raises(CatalogueError, match=said) as refusal:
        Catalogue.discover(names)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "member",
    [
        *("title", "Parameters", "Facts", "Policy", "compensable", "pays", "facts", "guard", "amount"),
        *("expected", "perform", "compensate", "read_back"),
    ],
)
def test_an_action_needs_every_member_of_its_contract(packages: Packages, member: str) -> None:
    """An action without one of them would be found out only when it is carried out, undone or verified."""
    text = re.sub(rf"( def |    ){member}\b", rf"\1not_{member}", ACTION.format(name="BookCourier"))
    names = packages(actions={"book_courier.py": text})
    with pytest.raises(CatalogueError, match=f"book_courier.py: BookCourier lacks {member} as its contract"):
        Catalogue.discover(names)


def test_a_folder_is_no_specialist(packages: Packages, tmp_path: Path) -> None:
    """One file each: a folder is refused instead of passed over."""
    names = packages()
    folder = tmp_path / names[0] / "specialists" / "big_one"
    folder.mkdir()
    (folder / "__init__.py").touch()
    with pytest.raises(
        CatalogueError, match=r"big_one is a folder; put the specialist in one file big_one\.py"
    ):
        Catalogue.discover(names)


def test_a_name_belongs_to_one_open_set(packages: Packages) -> None:
    """A name in the trail says who acted, so two sets never share one."""
    names = packages(
        specialists={"twice.py": SPECIALIST.format(name="Twice")},
        reviewers={"twice.py": REVIEWER.format(name="Twice")},
    )
    with pytest.raises(CatalogueError, match=r"twice\.py exists in two open sets; rename one"):
        Catalogue.discover(names)


def test_a_private_class_beside_the_public_one_is_allowed(packages: Packages) -> None:
    """What a file keeps for itself begins with an underscore."""
    text = SPECIALIST.format(name="StockCheck") + "class _Row: ...\n"
    found = Catalogue.discover(packages(specialists={"stock_check.py": text}))
    assert list(found.specialist_classes) == ["stock_check"]


def activity_types(functions: list[Callable[..., Any]]) -> set[str | None]:
    definitions = [activity._Definition.must_from_callable(function) for function in functions]
    return {definition.name for definition in definitions}


def test_each_is_registered_under_its_own_activity_type() -> None:
    """Temporal's history names who acted; only what can be undone has a compensation."""
    every = Systems({kind: cast("Any", object()) for kind in CATALOGUE.systems(acting=True)})
    every = every.beside(Permits(cast("Any", None)))
    desk, actions = CATALOGUE.desk_activities(every), CATALOGUE.action_activities(every)
    assert activity_types(desk) == {
        *(f"specialist.{name}" for name in CATALOGUE.specialist_classes),
        *(f"reviewer.{name}" for name in CATALOGUE.reviewer_classes),
        *(f"role.{name}" for name in (*CATALOGUE.generic_specialists, *CATALOGUE.generic_reviewers)),
    }
    undone = {
        f"action.{name}.compensate" for name, kind in CATALOGUE.action_classes.items() if kind.compensable
    }
    assert activity_types(actions) == {*(f"action.{name}" for name in CATALOGUE.action_classes), *undone}
    assert "action.issue_refund.compensate" in undone
    assert "action.send_reply.compensate" not in undone


async def test_a_result_under_another_name_is_refused() -> None:
    """A specialist that answers for another would put the wrong one on record."""

    class Impostor:
        uses = ()

        def __init__(self, systems: Systems) -> None: ...

        async def examine(self, brief: Brief) -> Finding:
            return Finding.model_validate(
                {"handoff": brief.handoff, "specialist": "other", "status": "found", "summary": "-"}
            )

    catalogue = Catalogue({"impostor": cast("Any", Impostor)}, {}, {})
    (examine,) = catalogue.desk_activities(NO_SYSTEMS)
    with pytest.raises(
        ApplicationError, match="impostor must answer with the handoff of its brief"
    ) as failure:
        await examine(brief(item()))
    assert (failure.value.type, failure.value.non_retryable) == ("CatalogueError", True)


# What follows holds for everybody in the open sets, newcomers included.


@pytest.mark.parametrize("name", [*ROLES, *CATALOGUE.action_classes])
def test_everybody_says_what_it_does(name: str) -> None:
    """The class docstring is what an author of playbooks reads."""
    kind: type[Any] = {**ROLES, **CATALOGUE.action_classes}[name]
    assert kind.__name__ == class_name(name)
    assert len(kind.__doc__ or "") > 20, f"{name}: write a docstring"


@pytest.mark.parametrize("name", ROLES)
def test_every_config_is_closed_and_described_by_its_schema(name: str) -> None:
    """A misspelled entry of a playbook is found when it is loaded, not when a request needs it."""
    config = ROLES[name].Config
    assert config.model_config["extra"] == "forbid"
    assert config.model_config["frozen"] is True
    assert config.model_json_schema()["type"] == "object"


@pytest.mark.parametrize("name", ROLES)
def test_no_role_reaches_what_can_act(name: str) -> None:
    """Only an action is given a system that changes the outside world."""
    assert set(ROLES[name].uses) <= set(CATALOGUE.systems(acting=False))


def _config(name: str) -> dict[str, Any]:
    """Return the config by which a playbook uses the role."""
    for entry in (playbook(), *DESKS.values()):
        used = {**entry.playbook.specialists, **entry.playbook.review.reviewers}
        if name in used:
            return used[name].config
    pytest.fail(f"{name} is in no playbook; name it in one, or remove its file")


@pytest.mark.parametrize("name", [n for n, kind in CATALOGUE.specialist_classes.items() if not kind.uses])
async def test_a_specialist_that_reaches_nothing_needs_no_clients(name: str) -> None:
    """It answers under its own name, to its own handoff, without any client at hand, and the same each time."""
    catalogue = Catalogue({name: CATALOGUE.specialist_classes[name]}, {}, {})
    (examine,) = catalogue.desk_activities(NO_SYSTEMS)
    asked = brief(item(), item("Open?", number=2, kind="opening_hours"), config=_config(name))
    first, second = await asyncio.gather(examine(asked), examine(asked))
    assert isinstance(first, Finding)
    assert (first.handoff, first.specialist) == (asked.handoff, name)
    assert first == second


@pytest.mark.parametrize("name", [n for n, kind in CATALOGUE.reviewer_classes.items() if not kind.uses])
async def test_a_reviewer_that_reaches_nothing_needs_no_clients(name: str) -> None:
    """It answers under its own name, and its exceptions carry that name."""
    catalogue = Catalogue({}, {name: CATALOGUE.reviewer_classes[name]}, {})
    (review,) = catalogue.desk_activities(NO_SYSTEMS)
    proposal = assemble(assembly_brief(items=(item(),)))
    asked = review_brief(proposal, (item(),), ()).model_copy(update={"config": _config(name)})
    result = await review(asked)
    assert isinstance(result, Review)
    assert (result.handoff, result.reviewer) == (asked.handoff, name)
    assert {exception.reviewer for exception in result.exceptions} <= {name}


@pytest.mark.parametrize("name", CATALOGUE.action_classes)
def test_every_action_is_closed_and_can_be_read_back(name: str) -> None:
    """Its parameters are digested whole, and the verifier reads it back without an instance that may act."""
    kind = CATALOGUE.action_classes[name]
    assert kind.Parameters.model_config["extra"] == "forbid"
    assert list(inspect.signature(kind.read_back).parameters) == ["systems", "bound"]


@pytest.mark.parametrize("desk", DESKS)
def test_every_shipped_playbook_holds(desk: str) -> None:
    """All that a playbook of ours names exists, with the config and the reach that it says."""
    CATALOGUE.check(DESKS[desk].playbook, f"{desk}.yaml")


def broken(path: tuple[str, ...], value: Any) -> Playbook:
    """Return the test playbook with one place changed."""
    content = playbook().playbook.model_dump(mode="json")
    place: Any = content
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return Playbook.model_validate(content)


@pytest.mark.parametrize(
    ("path", "value", "where", "said"),
    [
        (("specialists", "oracle"), {}, "specialists.oracle", "there is no specialist 'oracle'"),
        (
            ("plan", "groups"),
            [["order_history"], ["refund_policy", "reply_writer"]],
            "plan.groups[1][1]",
            "reply_writer reads the findings of refund_policy, which stands in no earlier group",
        ),
        (
            ("plan", "groups"),
            [["oracle"]],
            "plan.groups[0][0]",
            "add specialists/oracle.py to the desk's folder",
        ),
        (("intents", "refund", "specialists"), ["oracle"], "intents.refund.specialists[0]", "Name one of"),
        (
            ("routing_rules",),
            [
                {
                    "name": "x",
                    "when": {"specialist": "oracle", "status": "found"},
                    "do": "assemble",
                    "why": "-",
                }
            ],
            "routing_rules[0].when.specialist",
            "'oracle'",
        ),
        (("review", "reviewers", "critic"), {}, "review.reviewers.critic", "there is no reviewer 'critic'"),
        (("guardian", "actions", "launch"), {}, "guardian.actions.launch", "there is no action 'launch'"),
        (
            ("specialists", "order_history", "uses"),
            ["payments"],
            "specialists.order_history.uses",
            "what a role reaches is said by its class, OrderHistory",
        ),
        (
            ("specialists", "reply_writer", "config"),
            {"refund_day": 5},
            "specialists.reply_writer.config.refund_days",
            "ReplyWriter.Config knows: refund_days, not_found, ambiguous",
        ),
        (
            ("review", "reviewers", "reply_standards", "config", "max_chars"),
            "long",
            "review.reviewers.reply_standards.config.max_chars",
            "valid integer",
        ),
        (
            ("deliver", "config", "signature"),
            "See https://evil.example",
            "deliver.config.signature",
            "it leads to 'evil.example'",
        ),
        (
            ("guardian", "actions", "send_reply", "policy"),
            {"hosts": []},
            "guardian.actions.send_reply.policy.hosts",
            "SendReply.Policy knows: link_hosts",
        ),
        (
            ("guardian", "actions", "issue_refund", "policy"),
            {"velocity": {"max_refunds": 1, "window": "1 day", "tier": "high"}},
            "guardian.actions.issue_refund.policy.velocity.tier",
            "tier 'high' is not declared",
        ),
        (
            ("guardian", "actions", "send_reply", "editable"),
            ["wording"],
            "guardian.actions.send_reply.editable",
            "SendReply has no parameter 'wording'",
        ),
        (
            ("guardian", "actions", "issue_refund", "compensable"),
            False,
            "guardian.actions.issue_refund.compensable",
            "Write compensable: true",
        ),
        (
            ("guardian", "actions", "issue_refund", "requires_intent"),
            None,
            "guardian.actions.issue_refund.requires_intent",
            "Write requires_intent: and the name of one of intents",
        ),
        (("deliver", "compose"), "poem", "deliver.compose", "there is no composer 'poem'"),
        (("deliver", "action"), "shout", "deliver.action", "there is no action 'shout'"),
        (
            ("deliver", "config", "greeting"),
            "Dear customer,",
            "deliver.config",
            "greeting lacks {name}",
        ),
        (("contact", "channel"), "pigeon", "contact.channel", "Name one of: mail."),
        (
            ("contact", "policy"),
            {"editable": ["wording"]},
            "contact.policy.editable",
            "SendReply has no parameter 'wording'",
        ),
        (
            ("guardian", "actions", "send_reply", "amounts"),
            {"EUR": [{"up_to_minor": 1, "tier": "low"}]},
            "guardian.actions.send_reply.amounts",
            "SendReply moves no money",
        ),
    ],
)
def test_what_no_class_backs_is_refused_with_path_and_remedy(
    path: tuple[str, ...], value: Any, where: str, said: str
) -> None:
    """Each kind of mistake names the file, the place in it and what to do."""
    with pytest.raises(PlaybookError) as refusal:
        CATALOGUE.check(broken(path, value), "support.yaml")
    assert (refusal.value.file, refusal.value.path) == ("support.yaml", where)
    assert said in str(refusal.value)


def test_the_test_playbook_itself_holds() -> None:
    """The mistakes above are the only ones in it."""
    CATALOGUE.check(playbook().playbook, "support.yaml")
