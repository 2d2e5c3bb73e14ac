"""`python -m tests.audit_store.kills 50`: an export is killed (kill -9) at random points, again and again, and goes on.

A process exports requests in batches to a folder; it is killed at a random moment and started again, so many times. At
the end every request must be in the store exactly once, and the store must verify.

`python -m tests.audit_store.kills worker 50` does it to a whole worker process (worker_kills.py).
"""

import asyncio
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.verify import verify
from tests.audit_store.made import NOW, documents, lines_of, store_at

ROOT: Final = Path(__file__).parents[2]
BATCH: Final = 3
REQUESTS_PER_KILL: Final = 30
"""More than a process gets done before it is killed, so that nearly every kill meets an export under way."""


def export(folder: Path, number: int) -> None:
    """Export what is missing, in batches; says `ready` when it begins."""
    store, all_of_them = store_at(folder), documents(number)
    print("ready", flush=True)  # noqa: T201 (to the process that kills this one)
    runs = store.index().runs
    due = [document for document in all_of_them if document.runs[0].run_id not in runs]
    for first in range(0, len(due), BATCH):
        store.append(due[first : first + BATCH], NOW)


def exporter(folder: Path, number: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.audit_store.kills", "--export", str(folder), str(number)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def killed(folder: Path, number: int, chance: random.Random) -> bool:
    """Start an export and kill it; tells whether the kill came before its end."""
    with exporter(folder, number) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(chance.uniform(0, 0.15))
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() == -signal.SIGKILL


def kill_and_look(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many exports and let one finish; raises AssertionError for a gap, a duplicate or a broken chain."""
    chance, number = random.Random(seed), kills * REQUESTS_PER_KILL  # noqa: S311 (moments of a test, no secret)
    met = torn = 0
    for _ in range(kills):
        met += killed(folder, number, chance)
        lines = lines_of(folder) if (folder / "store" / "manifest.jsonl").exists() else []
        torn += bool(lines) and not lines[-1].endswith(b"\n")
    before = len(lines_of(folder))
    with exporter(folder, number) as process:
        assert process.wait() == 0
    found = asyncio.run(verify(FolderBackend(folder / "store")))
    assert found.broken == [], found.first_broken
    assert found.counts == {"records": number}, found.counts
    objects = sum(1 for file in (folder / "store" / "objects").glob("*/*") if not file.name.startswith("."))
    assert objects == number
    left = sum(1 for file in (folder / "store" / "objects").glob("*/.*"))
    return {"kills": kills, "met": met, "torn": torn, "before": before, "requests": number, "left": left}


def main(kills: int, *, of_a_worker: bool) -> int:
    """Do it in a folder of its own and print what came of it."""
    folder, seed = Path(tempfile.mkdtemp(prefix="audit-kills-")), random.randrange(1 << 30)  # noqa: S311 (as above)
    try:
        if of_a_worker:
            from tests.audit_store.worker_kills import kill_workers_and_look  # noqa: PLC0415 (imports Temporal's SDK, for which the other way need not wait)

            told = asyncio.run(kill_workers_and_look(folder, kills, seed))
        else:
            told = kill_and_look(folder, kills, seed)
    finally:
        shutil.rmtree(folder)
    left = f", {told['left']} left a file without a name" if "left" in told else ""
    print(  # noqa: T201 (the answer)
        f"{told['kills']} kills, {told['met']} of them during an export ({told['torn']} tore a line{left}; seed {seed}): "
        f"{told['requests']} requests, {told['before']} of them exported by the last kill, each there once; no gap, no duplicate"
    )
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--export":
        export(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[-1]), of_a_worker=sys.argv[1] == "worker"))
