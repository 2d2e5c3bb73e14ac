"""The marketing desk's page lists what its code checks."""

from pathlib import Path

from tests.docs.marketing_reference import BEGIN, END, reference

PAGE = Path(__file__).parents[2] / "docs" / "desks" / "marketing.md"


def test_the_page_lists_what_the_code_checks() -> None:
    """Each rule, each kind of claim and each key of brand.yaml, in the words of the code."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    assert text == f"{before}{reference()}{after}", (
        "docs/desks/marketing.md differs from the code; run: .venv/bin/python -m tests.docs.marketing_reference"
    )
