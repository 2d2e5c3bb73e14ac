"""Writing an example into a desk's file: in its place, as YAML, whatever a stranger wrote."""

import pytest
import yaml

from cli.examples import with_example
from dispatch.models.errors import DeskFolderError
from dispatch.models.request.item import Item

FILE = """# Our own sentences.
intents:
  refund:
    # First those of last year.
    - money back please
  order_status: # where it is
    - where is it
other:
  - do you sell sand
none:
  - thanks
"""


@pytest.mark.parametrize(
    ("kind", "place"),
    [("refund", ("intents", "refund")), ("order_status", ("intents", "order_status")), ("other", ("other",))],
)
def test_it_becomes_the_first_of_its_kind(kind: str, place: tuple[str, ...]) -> None:
    """Comments and all other examples stay; numbers and addresses are not kept."""
    text = 'My "parcel": {DD-10001}, ask anna@mail.example\n- cancel: all'
    written = with_example(FILE, Item(item_id="item-1", text=text, kind=kind))
    content = yaml.safe_load(written)
    for name in place:
        content = content[name]
    assert content[0] == 'my "parcel": name, ask address - cancel: all'
    assert len(content) == 2
    assert [line for line in FILE.split("\n") if line not in written.split("\n")] == []


def test_a_file_without_the_kind_is_named() -> None:
    """Where to write it is the person's to say."""
    with pytest.raises(DeskFolderError, match="no line 'warranty:'"):
        with_example(FILE, Item(item_id="item-1", text="is it under warranty", kind="warranty"))
