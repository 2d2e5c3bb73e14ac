"""A change to the approvers file is put into it: what a person wrote around it stays to the letter."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.people.approvers import Approver, ApproverKey, Approvers
from dispatch.storage.approvers_file import ApproversFile
from tests.signers import Signer

NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
SIGNERS = [Signer(name, ("refunds",)) for name in ("ana", "ben", "cleo")]
NEW = Signer("dan").key
BY_HAND = """\
# Kept by Rita; ask her before you change anything.

approvers:
  # On leave in August.
  - full_name: 'Ana  Torres'   # two spaces, as on her card
    name: ana
    roles: [refunds,  refunds-lead]
    keys:
      - {key_id: "KEY0", public_key: PUB0, created_at: 2026-01-01T09:00:00Z}  # the old one

      # made when the laptop was replaced
      - key_id: KEY1
        public_key: "PUB1"
        created_at: 2026-02-01T09:00:00+01:00   # Berlin


  # Ben has no key yet.
  - name: "ben"
    full_name: >-
      Ben
      Adeyemi

    addresses:
    - ben@desk.example
    notify: each
# the end
"""


def by_hand() -> str:
    text = BY_HAND
    for number, signer in enumerate(SIGNERS[:2]):
        text = text.replace(f"KEY{number}", signer.key.key_id).replace(f"PUB{number}", signer.key.public_key)
    return text


def with_key(name: str, key: ApproverKey) -> Callable[[Approvers], Approvers]:
    return _each(lambda p: p.model_copy(update={"keys": (*p.keys, key)}) if p.name == name else p)


def revoked(key_id: str) -> Callable[[Approvers], Approvers]:
    def one(key: ApproverKey) -> ApproverKey:
        return key.model_copy(update={"revoked_at": NOW}) if key.key_id == key_id else key

    return _each(lambda p: p.model_copy(update={"keys": tuple(one(key) for key in p.keys)}))


def with_person(name: str) -> Callable[[Approvers], Approvers]:
    person = Approver(name=name, full_name="Dan: Sørli", roles=("refunds",), keys=(NEW,))
    return lambda known: Approvers(approvers=(*known.approvers, person))


def _each(one: Callable[[Approver], Approver]) -> Callable[[Approvers], Approvers]:
    return lambda known: Approvers(approvers=tuple(one(person) for person in known.approvers))


def put_in(before: str, after: str) -> str:
    """Return what was put into a text, all of it in one place; anything else that changed fails."""
    same = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    rest = len(before) - same
    assert after[len(after) - rest :] == before[same:]
    return after[same : len(after) - rest]


def key_lines(indent: str) -> str:
    """Return the new key as lines of their own."""
    first = f"{indent}- key_id: {NEW.key_id}\n"
    return f"{first}{indent}  public_key: {NEW.public_key}\n{indent}  created_at: '2020-01-01T00:00:00Z'\n"


DAN = "  - name: dan\n    full_name: 'Dan: Sørli'\n    roles:\n      - refunds\n    keys:\n"
REVOKED = "revoked_at: '2026-11-05T12:00:00Z'"


@pytest.mark.parametrize(
    ("edit", "behind", "new"),
    [
        (with_key("ana", NEW), "# Berlin\n", key_lines("      ")),
        (with_key("ben", NEW), "    notify: each\n", "    keys:\n" + key_lines("      ")),
        (revoked(SIGNERS[0].key.key_id), "2026-01-01T09:00:00Z", f", {REVOKED}"),
        (revoked(SIGNERS[1].key.key_id), "# Berlin\n", f"        {REVOKED}\n"),
        (with_person("dan"), "    notify: each\n", DAN + key_lines("      ")),
    ],
    ids=["a second key", "a first key", "revoked in braces", "revoked in lines", "a person"],
)
def test_what_is_new_stands_where_it_belongs(
    tmp_path: Path, edit: Callable[[Approvers], Approvers], behind: str, new: str
) -> None:
    """In the style of its neighbours, with every comment beside what it is about; the file's mode is kept."""
    file = ApproversFile(tmp_path / "approvers.yaml")
    file.path.write_text(by_hand(), encoding="utf-8")
    file.path.chmod(0o640)
    changed = file.change(edit)
    assert file.path.read_text(encoding="utf-8") == by_hand().replace(behind, behind + new)
    assert ApproversFile(file.path).read() == changed
    assert file.path.stat().st_mode & 0o777 == 0o640


def test_a_revocation_to_come_is_brought_forward(tmp_path: Path) -> None:
    """The moment is replaced in its place; nothing else is."""
    file = ApproversFile(tmp_path / "approvers.yaml")
    text = by_hand().replace(
        "# Berlin", "# Berlin\n        revoked_at: 2027-01-01T00:00:00Z # when she leaves"
    )
    file.path.write_text(text, encoding="utf-8")
    file.change(revoked(SIGNERS[1].key.key_id))
    expected = text.replace("2027-01-01T00:00:00Z", "'2026-11-05T12:00:00Z'")
    assert file.path.read_text(encoding="utf-8") == expected


def test_what_is_taken_out_leaves_the_rest(tmp_path: Path) -> None:
    """Only the list that lost something is rewritten."""
    file = ApproversFile(tmp_path / "approvers.yaml")
    file.path.write_text(by_hand(), encoding="utf-8")
    file.change(_each(lambda p: p.model_copy(update={"keys": p.keys[1:]})))
    text = file.path.read_text(encoding="utf-8")
    assert "# the old one" not in text
    for kept in ("# Kept by Rita", "'Ana  Torres'   # two spaces", "# Ben has no key yet.", "# the end"):
        assert kept in text
    assert [key.key_id for key in file.read().approvers[0].keys] == [SIGNERS[1].key.key_id]


def test_a_layout_that_is_not_understood_is_written_anew(tmp_path: Path) -> None:
    """Line ends of old Macintoshes: the comment is lost, and nothing of what counts."""
    file = ApproversFile(tmp_path / "approvers.yaml")
    file.path.write_bytes(
        b"# ours\rapprovers:\r- name: ana\r  full_name: Ana\r- name: ben\r  full_name: Ben\r"
    )
    changed = file.change(with_key("ana", NEW))
    assert file.read() == changed
    assert [person.name for person in changed.approvers] == ["ana", "ben"]
    assert "# ours" not in file.path.read_text()


@given(data=st.data())
def test_any_layout_is_kept(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Comments, blank lines, quotes, order, braces and line ends: one piece is put in, and all else is as it was."""
    text = "".join(_written(data.draw))
    text = text.replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))
    file = ApproversFile(tmp_path_factory.mktemp("layout") / "approvers.yaml")
    file.path.write_bytes(text.encode())
    edit = data.draw(
        st.sampled_from(
            [with_key("ana", NEW), with_key("ben", NEW), with_key("cleo", NEW), with_person("dan")]
        )
        | st.sampled_from([revoked(signer.key.key_id) for signer in SIGNERS])
    )
    known = file.read()
    changed = file.change(edit)
    assert changed == edit(known)
    assert ApproversFile(file.path).read() == changed
    assert put_in(text, file.path.read_bytes().decode())


def _written(draw: Any) -> list[str]:
    """Write three people, each with a key, as somebody might by hand."""
    comment = st.sampled_from(["", "", "  # why: [so] {far}, ok?", " #"])
    between = st.lists(
        st.sampled_from(["\n", "# a note\n", "      # another, further in\n", "  \n"]), max_size=2
    )
    quote = st.sampled_from([str, json.dumps, lambda text: f"'{text}'"])
    inset, key_inset = draw(st.sampled_from([0, 2, 4])), draw(st.sampled_from([0, 2]))
    lines = [*draw(between), f"approvers:{draw(comment)}\n"]
    for signer in SIGNERS:
        key = {
            "key_id": signer.key.key_id,
            "public_key": signer.key.public_key,
            "created_at": "2026-01-01T09:00:00Z",
        }
        fields = draw(st.permutations(["name", "full_name", "roles", "keys"]))
        if draw(st.booleans()):
            pairs = ", ".join(f"{name}: {json.dumps(value)}" for name, value in key.items())
            tail = draw(st.sampled_from(["", " ", ","]))
            whole = (
                f"{{name: {signer.name}, full_name: A, roles: [refunds], keys: [{{{pairs}{tail}}}]{tail}}}"
            )
            lines += [*draw(between), " " * inset + f"- {whole}{draw(comment)}\n"]
            continue
        for number, name in enumerate(fields):
            lead = " " * inset + ("- " if number == 0 else "  ")
            lines += draw(between)
            if name in {"name", "full_name"}:
                lines.append(f"{lead}{name}: {draw(quote)(signer.name)}{draw(comment)}\n")
            elif name == "roles":
                lines.append(f"{lead}roles: [ refunds ]{draw(comment)}\n")
            else:
                lines.append(f"{lead}keys:{draw(comment)}\n")
                for position, (field, value) in enumerate(draw(st.permutations(list(key.items())))):
                    deep = " " * (inset + 2 + key_inset) + ("- " if position == 0 else "  ")
                    lines += [*draw(between), f"{deep}{field}: {draw(quote)(value)}{draw(comment)}\n"]
    lines += draw(between)
    if draw(st.booleans()):
        lines[-1] = lines[-1].rstrip("\n")
    return lines
