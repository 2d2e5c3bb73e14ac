"""`dispatch evals harvest [--store STORE] [--out DIR]`: what people decided otherwise, as cases to review.

`intents.jsonl` has the texts that a person routed or sorted, with the intents that they have then. `review.jsonl` has the drafts that
were edited, sent back or rejected; what is wrong with each is for you to say in the place of REVIEW, or [] where nothing
is. Numbers, mail addresses and the like are masked; names are not.

Exit codes: 0 written; 2 there is no such store, or the files are there already.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cli.what_if import documents_of
from dispatch.audit.query.harvest import DraftChanged, ReadByPerson, harvest
from dispatch.evals.roles import REVIEW
from dispatch.language_models.personal_data import Masking
from dispatch.models.errors import EvalsError
from dispatch.text.masking import masked
from runtime.audit.parts import backend_from, keys_from
from runtime.settings import Settings

_MOST: Final = 4_000


def add(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `harvest`."""
    harvested = parts.add_parser("harvest", help="write what people decided otherwise as cases to review")
    harvested.add_argument("--store", default="", metavar="STORE", help="a folder or s3://bucket/prefix")
    harvested.add_argument("--out", type=Path, metavar="DIR", help="left out, var/evals/harvest")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the files; raises AuditStoreError, and EvalsError where they are there already."""
    place = backend_from(settings, arguments.store)
    out = arguments.out or settings.var_dir / "evals" / "harvest"
    found = [one for document in documents_of(place, keys_from(settings).find) for one in harvest(document)]
    read = [_read(one) for one in found if isinstance(one, ReadByPerson)]
    changed = [_changed(one) for one in found if isinstance(one, DraftChanged)]
    for name, cases in (("intents", read), ("review", changed)):
        _write(out / f"{name}.jsonl", cases)
    print(f"{len(read)} texts that a person routed or sorted: {out / 'intents.jsonl'}")
    print(f"{len(changed)} drafts that a person changed or rejected: {out / 'review.jsonl'}")
    print("read them, correct them, and move what is good into the desk's folder evals/")
    return 0


def _write(file: Path, cases: Iterable[dict[str, Any]]) -> None:
    if file.exists():
        raise EvalsError(f"{file} is there already; move it away, or name another folder with --out")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases), encoding="utf-8")


def _read(one: ReadByPerson) -> dict[str, Any]:
    return {
        "text": masked(one.text[:_MOST]),
        "labels": list(one.kinds),
        "source": f"harvest:{one.how}:{one.request_id}",
    }


def _changed(one: DraftChanged) -> dict[str, Any]:
    texts = (one.draft, *one.evidence)
    masking = Masking(texts)
    return {
        "draft": masking.mask(one.draft[:_MOST]),
        "evidence": [masking.mask(text) for text in one.evidence],
        "labels": [REVIEW],
        "source": f"harvest:{one.how}:{one.request_id}",
        "note": masking.mask(one.reason),
    }
