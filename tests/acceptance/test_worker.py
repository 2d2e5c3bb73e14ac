"""worker.py as a container starts it: what it refuses, in one sentence, and how it ends."""

import asyncio
import shlex
import sys
import uuid
from pathlib import Path

from devstack.ports import LOOPBACK, free_port
from devstack.temporal_server import TemporalServer
from tests.acceptance.exits import exit_codes
from tests.acceptance.shell import Said, Shell
from tests.desk import changed_playbooks
from tests.signers import Signer, write_approvers
from tests.sizes import rounds


async def namespace(program: Path, shell: Shell, retention: str) -> str:
    """Create a namespace as an operator would, with Temporal's own program."""
    name = f"ns-{uuid.uuid4().hex[:8]}"
    made = await shell.run(
        program, "operator", "namespace", "create", "--namespace", name, "--retention", retention
    )
    assert made.code == 0, made
    return name


async def typed(program: Path, shell: Shell, sentence: str) -> Said:
    """Type the command that a sentence gives, in a shell that was told no namespace."""
    on_path = shell.but(PATH=f"{program.parent}:{shell.environment['PATH']}")
    mended = await on_path.run(*shlex.split(sentence.partition("Run '")[2].partition("'")[0]))
    assert mended.code == 0, mended
    return mended


async def test_check_holds_the_shipped_desk(bare: Shell) -> None:
    """It needs no server: settings, playbooks and open sets are validated and it ends with 0."""
    there = bare.but(TEMPORAL_ADDRESS=f"{LOOPBACK}:{free_port()}")
    (await there.run(sys.executable, "worker.py", "--check")).words("hold")


async def test_check_warns_where_too_few_can_sign(bare: Shell, tmp_path: Path) -> None:
    """Each tier that waits for signatures nobody could give is told, and it ends with 0; with the people, nothing is."""
    file, signers = (
        tmp_path / "approvers.yaml",
        bare.but(DISPATCH_APPROVERS_FILE=str(tmp_path / "approvers.yaml")),
    )
    (await signers.worker("--check")).words(
        "support, tier high: 0 of 1 people can sign for refunds-lead, head-of-support",
        "support, tier critical: 0 of 2 people can sign for refunds-lead, support-lead, head-of-support",
    )
    people = {"ana": "refunds", "ben": "refunds-lead", "cleo": "support-lead", "dan": "head-of-support"}
    write_approvers(file, *(Signer(name, (role,)) for name, role in people.items()))
    assert "warning: support" not in (await signers.worker("--check")).words("hold")
    file.write_text("approvers: nobody", encoding="utf-8")
    (await signers.worker("--check")).sentence("approvers.yaml", "at approvers")


async def test_check_names_what_is_wrong_in_a_playbook(bare: Shell, tmp_path: Path) -> None:
    """Bad YAML, a key that nobody knows, a specialist that is not there: one sentence with file and path."""
    shipped = (changed_playbooks(tmp_path) / "support.yaml").read_text(encoding="utf-8")
    broken = {
        "yaml": "desk: support\nversion: [1\n",
        "key": shipped.replace("priority: 3", "priority: 3\nprioritee: 3", 1),
        "specialist": shipped.replace("order_history", "order_mystery"),
        "value": shipped.replace("max_specialists: 3", "max_specialists: many"),
    }
    folders = {name: tmp_path / name / "playbooks" for name in broken}
    for name, folder in folders.items():
        (tmp_path / name).mkdir()
        changed_playbooks(tmp_path / name)
        (folder / "support.yaml").write_text(broken[name], encoding="utf-8")
    answers = await asyncio.gather(
        *(bare.but(DISPATCH_PLAYBOOKS_DIR=str(folder)).worker("--check") for folder in folders.values())
    )
    words = {"key": "prioritee", "specialist": "order_mystery", "value": "plan.max_specialists"}
    for name, said in zip(broken, answers, strict=True):
        said.sentence("support.yaml", words.get(name, ""))


async def test_a_namespace_that_forgets_too_early_is_refused(bare: Shell, program: Path) -> None:
    """The trail would be deleted after 3 days; the command in the sentence mends it as it stands, without a warning."""
    name = await namespace(program, bare, "72h")
    said = await bare.but(TEMPORAL_NAMESPACE=name).worker()
    mended = await typed(program, bare, said.sentence(name, "for 3 days", "minimum is 30"))
    assert "deprecated" not in mended.err, mended
    described = await bare.run(program, "operator", "namespace", "describe", "--namespace", name)
    described.words("720h0m0s")


async def test_a_namespace_without_search_attributes_is_refused(bare: Shell, program: Path) -> None:
    """Requests could not be listed there; the command in the sentence mends it as it stands."""
    name = await namespace(program, bare, "90d")
    there = bare.but(TEMPORAL_NAMESPACE=name)
    sentence = (await there.worker()).sentence(name, "lacks the search attributes", "RequestState=Keyword")
    await typed(program, bare, sentence)
    listed = await there.run(program, "operator", "search-attribute", "list")
    listed.words("RequestState", "NextOwner", "ReviewPoint", "RequestPriority", "Desk")


async def test_without_temporal_or_its_namespace_it_ends(bare: Shell) -> None:
    """One sentence, code 2; what starts it again decides when to try again."""
    nowhere, unknown, wrong = await asyncio.gather(
        bare.but(TEMPORAL_ADDRESS=f"{LOOPBACK}:{free_port()}").worker(),
        bare.but(TEMPORAL_NAMESPACE="no-such-namespace").worker(),
        bare.but(DISPATCH_WORKFLOW_CACHE="-1").worker(),
    )
    nowhere.sentence("Temporal does not answer")
    unknown.sentence("no-such-namespace")
    wrong.sentence("DISPATCH_WORKFLOW_CACHE")


async def test_workers_asked_to_end_exit_with_0(temporal: TemporalServer, tmp_path: Path) -> None:
    """No crash at the interpreter's end; `python -m tests.acceptance.exits` shows it on 50."""
    count = rounds(2, 20)
    assert await exit_codes(temporal.address, tmp_path, count) == [0] * count
