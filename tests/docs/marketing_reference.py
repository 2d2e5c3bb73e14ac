"""Writes what the marketing desk checks, from its code, for docs/desks/marketing.md."""

from collections.abc import Iterator

from pydantic import BaseModel

from desks.marketing.brand_file import load_house
from desks.marketing.models import brand
from desks.marketing.rules.claims.kinds import KINDS
from desks.marketing.rules.grammar import GRAMMAR, SPELLING, SURE
from desks.marketing.rules.vale.model import NOT_RUN

BEGIN = "<!-- generated: what is checked -->"
END = "<!-- end of what is checked -->"
_PARTS = (
    brand.Brand, brand.Term, brand.WordRule, brand.Names, brand.ReadingLevel, brand.Channel, brand.Disclaimer,
    brand.Links, brand.Utm, brand.Claims, brand.ApprovedClaim, brand.Style,
)  # fmt: skip


def reference() -> str:
    """Return the generated part of the page."""
    return "\n".join([BEGIN, "", *_rules(), "", *_claims(), "", *_keys(), "", *_styles(), END])


def _rules() -> Iterator[str]:
    yield "| rule | what it flags |"
    yield "|---|---|"
    said: dict[str, str] = {}
    for rule in load_house().rules:
        if rule.name.startswith("style.") or rule.name in {"claim", GRAMMAR}:
            continue
        text = " ".join((type(rule).__doc__ or "").split())
        said.setdefault(rule.name, text)
    for name, text in sorted(said.items()):
        yield f"| `{name}` | {text} |"
    yield f"| `{SPELLING}`, `{GRAMMAR}` | English only: words that are often misspelt, and Harper's rules {', '.join(SURE)}; what else looks misspelt is shown and not changed. |"
    yield "| `style.<style>.<file>` | The rules of the styles that brand.yaml names. |"


def _claims() -> Iterator[str]:
    yield "| kind of claim | what it is | severity | a person signs |"
    yield "|---|---|---|---|"
    for kind in KINDS:
        yield f"| `claim.{kind.name}` | {kind.why} | {kind.severity} | {'yes' if kind.is_regulated else 'no'} |"
    yield "| `claim.expired` | it was approved, and no longer is on the day of the launch | major; critical where law speaks of it | as the claim |"
    yield "| `claim.regulated` | it is approved, and law speaks of it | minor | yes |"


def _keys() -> Iterator[str]:
    for part in _PARTS:
        yield from _of_part(part)


def _of_part(part: type[BaseModel]) -> Iterator[str]:
    yield f"**{part.__name__}**: {' '.join((part.__doc__ or '').split())}"
    yield ""
    for name, field in part.model_fields.items():
        key = field.alias or name
        yield f"- `{key}`{f': {field.description}' if field.description else ''}"
    yield ""


def _styles() -> Iterator[str]:
    yield "Kinds of Vale that are not run, and why:"
    yield ""
    yield from (f"- `{name}`: {why}" for name, why in NOT_RUN.items())
    yield ""


if __name__ == "__main__":
    from pathlib import Path

    page = Path(__file__).parents[2] / "docs" / "desks" / "marketing.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.partition(BEGIN)[0] + reference() + text.partition(END)[2], encoding="utf-8")
