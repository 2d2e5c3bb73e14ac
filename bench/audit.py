"""`make bench-audit`: an auditor's questions over 100,000 requests; writes var/bench/audit.json.

The extract is generated: records made of the recorded histories, each with another id, requester, approver, amount and day.
What is timed is what the command does from the extract to the last answer, on at most two threads.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from dispatch.audit.query.extract import Record, record_of
from dispatch.audit.query.questions import QUESTIONS, THREADS, Asked, Extract
from dispatch.audit.store.manifest import sha256
from dispatch.models.canonical import canonical_bytes as canonical
from tests.audit_store.made import documents, line_of

REQUESTS: Final = 100_000
AIM_SECONDS: Final = 10.0
RESULT: Final = Path("var") / "bench" / "audit.json"
_CUSTOMERS: Final = 20_000
_APPROVERS: Final = tuple(f"approver-{n}" for n in range(40))


def generate(file: Path, number: int) -> None:
    """Write an extract of so many requests, the same each time."""
    chance = random.Random(1)  # noqa: S311 (example data, no secret)
    patterns = [record_of(line_of(document), sha256(b""), document) for document in documents()]
    with file.open("wb") as out:
        for seq in range(1, number + 1):
            out.write(canonical(_varied(chance.choice(patterns), seq, chance)) + b"\n")


def _varied(pattern: Record, seq: int, chance: random.Random) -> Record:
    """Return another request of the same shape; its text is changed as a whole, for a record holds many times."""
    record: Record = json.loads(json.dumps(pattern))
    days = timedelta(days=chance.randrange(3 * 365), seconds=chance.randrange(86_400))
    record |= {
        "seq": seq,
        "request_id": f"support-mail-{seq:016x}",
        "requester": f"customer-{chance.randrange(_CUSTOMERS)}@mail.example",
        "playbook_version": f"1.{chance.randrange(12)}.0",
    }
    for name in ("opened_at", "closed_at"):
        record[name] = _later(record[name], days)
    approver = chance.choice(_APPROVERS)
    for part in ("guarded", "actions", "decisions", "refused", "waits"):
        for one in record[part]:
            one["moment"] = _later(one["moment"], days)
            if one.get("amount_minor") is not None:
                one["amount_minor"] = chance.randrange(100, 100_000)
            if "approver" in one:
                one["approver"], one["seconds"] = approver, chance.expovariate(1 / 3600)
            if one.get("approvers"):
                one["approvers"] = [approver]
            if "owner" in one:
                one["seconds"] = chance.expovariate(1 / 7200)
    return record


def _later(text: str, by: timedelta) -> str:
    return (datetime.fromisoformat(text) + by).isoformat()


def measure(file: Path) -> dict[str, Any]:
    """Load the extract and ask every question; gives seconds and rows for each."""
    begun = time.perf_counter()
    with closing(Extract(file)) as extract:
        loaded = time.perf_counter() - begun
        told: dict[str, Any] = {"requests": extract.requests, "load_seconds": round(loaded, 2)}
        for question in QUESTIONS:
            before = time.perf_counter()
            answer = extract.answer(question, Asked(above=50_000, currency="EUR", seconds=30))
            told[question.name] = {
                "seconds": round(time.perf_counter() - before, 3),
                "rows": len(answer.rows),
            }
    told["total_seconds"] = round(time.perf_counter() - begun, 2)
    return told


def main(number: int) -> int:
    """Generate, measure, print and keep the result; 1 where the aim is missed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "extract.jsonl"
        generate(file, number)
        size = file.stat().st_size
        told = {"cores": os.cpu_count(), "threads": THREADS, "extract_bytes": size, **measure(file)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for name, value in told.items():
        print(f"{name:>16}  {value}")
    print(
        f"all questions over {told['requests']:,} requests in {told['total_seconds']} s (aim: {AIM_SECONDS:g} s)"
    )
    return int(told["total_seconds"] > AIM_SECONDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="an auditor's questions over many requests")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    sys.exit(main(parser.parse_args().requests))
