"""`dispatch models check [NAME ...] [--quick] [--json]`: ask each model's server what it can do.

Exit codes: 0 every server can do what a desk needs, 1 one cannot, each in a sentence, 2 there is no such model or file.
"""

import argparse
import json
from typing import Final

from dispatch.models.errors import SettingsError
from runtime.language_models.models import keys_of, models_of
from runtime.settings import Settings

_HEADS: Final = {
    "name": "model",
    "is_reachable": "reached",
    "knows_model": "known",
    "keeps_schema": "schema",
    "context_as_told": "context",
    "counts_tokens": "counts",
    "first_token_seconds": "first token",
    "tokens_a_second": "tokens/s",
}


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `models`."""
    parts = command.add_subparsers(dest="part", required=True)
    check = parts.add_parser("check", help="ask each server what it can do; no data of a request is sent")
    check.add_argument("names", nargs="*", metavar="NAME", help="models of the file; without one, all")
    check.add_argument(
        "--quick", action="store_true", help="leave out the long question that fills the context"
    )
    check.add_argument("--json", action="store_true", help="for scripts")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Check and print; raises SettingsError."""
    from dispatch.language_models.probe import probe  # noqa: PLC0415 (loads the client of models)

    models = models_of(settings)
    if not models:
        raise SettingsError(
            "no model is configured; name a models file in DISPATCH_MODELS_FILE (docs/models.md)"
        )
    unknown = [name for name in arguments.names if name not in models]
    if unknown:
        raise SettingsError(f"there is no model {unknown[0]}; known: {', '.join(sorted(models))}")
    chosen = [models[name] for name in arguments.names or models]
    keys = keys_of(chosen)
    found = [await probe(model, keys[model.name], with_context=not arguments.quick) for model in chosen]
    if arguments.json:
        print(json.dumps({"models": [one.model_dump(mode="json") for one in found]}))
    else:
        rows = [list(_HEADS.values()), *([_cell(getattr(one, field)) for field in _HEADS] for one in found)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for one in found:
            for problem in one.problems:
                print(f"{one.name}: {problem}")
    return int(any(one.problems for one in found))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
