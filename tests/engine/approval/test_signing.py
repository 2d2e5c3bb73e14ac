"""What a signature is made of, held against frozen vectors and against another implementation of Ed25519."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from dispatch.approval.signing import (
    SIGNED_PREFIX,
    key_id_of,
    sign,
    signed_bytes,
    signed_text,
    verify,
    verify_recorded,
)
from dispatch.models.people.approvers import ApproverKey
from dispatch.models.people.decision import Decision, recorded_decision

FROZEN: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "decisions-2.json").read_text(encoding="utf-8")
)
VECTORS: Final = pytest.mark.parametrize("vector", FROZEN["vectors"], ids=lambda vector: vector["name"])
FIRST: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "decisions.json").read_text(encoding="utf-8")
)
PRIVATE: Final = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(FROZEN["private_seed"]))
KEY: Final = ApproverKey.model_validate(
    {name: FROZEN[name] for name in ("key_id", "public_key")} | {"created_at": "2026-01-01T00:00:00Z"}
)
PLAIN: Final[dict[str, Any]] = FROZEN["vectors"][0]
# The head of a public key in DER (RFC 8410): what follows it are its raw 32 bytes.
DER_HEAD: Final = bytes.fromhex("302a300506032b6570032100")


@VECTORS
def test_a_vector_is_reproduced_to_the_byte(vector: dict[str, Any]) -> None:
    """The same decision gives the same bytes and the same signature on every computation."""
    decision = Decision.model_validate(vector["decision"])
    assert signed_bytes(decision).hex() == vector["signed_bytes"]
    assert signed_bytes(decision).startswith(SIGNED_PREFIX)
    signed = sign(PRIVATE, vector["decision"])
    assert (signed["key_id"], signed["signature"]) == (FROZEN["key_id"], vector["signature"])
    assert verify(KEY, Decision.model_validate(signed))


@VECTORS
def test_what_people_read_is_what_is_signed(vector: dict[str, Any]) -> None:
    """The text that the inbox shows and a browser signs is what follows the prefix, with the schema id in it."""
    text = signed_text(Decision.model_validate(vector["decision"]))
    assert SIGNED_PREFIX + text.encode() == bytes.fromhex(vector["signed_bytes"])
    assert json.loads(text)["schema"] == "dispatch.decision/1"


@pytest.mark.parametrize("vector", FIRST["vectors"], ids=lambda vector: vector["name"])
def test_what_was_signed_until_0_3_verifies_in_the_audit_store_alone(vector: dict[str, Any]) -> None:
    """A kept record does not turn into a broken one with an upgrade; nothing is carried out on such a signature."""
    decision = Decision.model_validate(
        recorded_decision(vector["decision"] | {"signature": vector["signature"]})
    )
    assert verify_recorded(KEY, decision)
    assert not verify(KEY, decision)
    assert not verify_recorded(KEY, decision.model_copy(update={"reason": "another"}))


class _LaterDecision(Decision):
    comment: str = ""


@VECTORS
def test_a_field_that_is_added_with_a_default_moves_no_signature(vector: dict[str, Any]) -> None:
    """A decision signed before an upgrade verifies after it; the new field is under the signature once it is used."""
    later = _LaterDecision.model_validate(vector["decision"] | {"signature": vector["signature"]})
    assert verify(KEY, later)
    assert not verify(KEY, later.model_copy(update={"comment": "used"}))


@VECTORS
def test_what_was_signed_reads_back_as_it_was(vector: dict[str, Any]) -> None:
    """A decision that has been through JSON once more still verifies: nothing in its writing is left to chance."""
    signed = sign(PRIVATE, vector["decision"])
    assert verify(KEY, Decision.model_validate_json(json.dumps(signed, indent=1)))


def test_the_fingerprint_is_that_of_the_raw_key() -> None:
    """The key is the first of RFC 8032, section 7.1."""
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert base64.b64decode(FROZEN["public_key"]) == raw
    assert key_id_of(raw) == FROZEN["key_id"]


@pytest.fixture(scope="module")
def openssl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the vectors' public key, as a PEM file."""
    folder = tmp_path_factory.mktemp("openssl")
    der = base64.b64encode(DER_HEAD + base64.b64decode(FROZEN["public_key"])).decode()
    (folder / "pub.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
    program = shutil.which("openssl")
    if program is None or b"-rawin" not in _openssl(folder, "-help").stderr:
        pytest.skip("there is no openssl here that verifies Ed25519 (3.0 or newer)")
    return folder


def _openssl(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["openssl", "pkeyutl", *arguments], cwd=folder, capture_output=True, check=False, timeout=30
    )


def _verified(folder: Path, message: bytes, signature: bytes) -> bool:
    (folder / "msg").write_bytes(message)
    (folder / "sig").write_bytes(signature)
    files = ("-inkey", "pub.pem", "-in", "msg", "-sigfile", "sig")
    return _openssl(folder, "-verify", "-pubin", "-rawin", *files).returncode == 0


@VECTORS
def test_another_implementation_verifies_it(openssl: Path, vector: dict[str, Any]) -> None:
    """OpenSSL's word on the frozen bytes, and on the same with one bit of the message or the signature changed."""
    message, signature = bytes.fromhex(vector["signed_bytes"]), base64.b64decode(vector["signature"])
    assert _verified(openssl, message, signature)
    assert not _verified(openssl, flipped(message, len(message) // 2), signature)
    assert not _verified(openssl, message, flipped(signature, 0))


def test_the_documentations_example_runs(openssl: Path) -> None:
    """What docs/signing.md tells a reader to type verifies the first vector, and gives the key's fingerprint."""
    page = (Path(__file__).parents[3] / "docs" / "signing.md").read_text(encoding="utf-8")
    section = page.split("## Verify with OpenSSL")[1].split("\n## ")[0]
    typed = "\n".join(re.findall(r"^```sh\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL))
    ran = subprocess.run(
        ["bash", "-eu", "-c", typed], cwd=openssl, capture_output=True, check=True, timeout=30
    )
    assert b"Signature Verified Successfully" in ran.stdout
    assert FROZEN["key_id"].encode() in ran.stdout
    assert (openssl / "msg").read_bytes().hex() == PLAIN["signed_bytes"]


def flipped(data: bytes, place: int) -> bytes:
    """Return the same bytes with the lowest bit of one changed."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@given(place=st.integers(0, 63), bit=st.integers(0, 7))
def test_no_changed_signature_verifies(place: int, bit: int) -> None:
    """Any single bit of it."""
    raw = bytearray(base64.b64decode(PLAIN["signature"]))
    raw[place] ^= 1 << bit
    spoiled = sign(PRIVATE, PLAIN["decision"]) | {"signature": base64.b64encode(raw).decode()}
    assert not verify(KEY, Decision.model_validate(spoiled))


@pytest.mark.parametrize(
    "changed",
    [
        {"decision_id": "d-9"},
        {"proposal_id": "p2"},
        {"action_digest": "3b" * 32},
        {"decision_type": "reject"},
        {"edits": {"amount_minor": 1}},
        {"reason": "another"},
        {"approver": "ben"},
        {"issued_at": "2026-03-01T12:00:01Z"},
        {"issued_at": "2026-03-01T13:00:00+01:00"},
        {"expires_at": "2026-03-02T12:00:00Z"},
        {"key_id": "SHA256:" + "A" * 43},
        {"key_id": None},
        {"signature": None},
        {"signature": ""},
        {"signature": "no base64 at all!"},
    ],
    ids=str,
)
def test_every_field_is_under_the_signature(changed: dict[str, Any]) -> None:
    """None can be changed, added or taken away afterwards; the same moment in another zone is another text."""
    signed = sign(PRIVATE, PLAIN["decision"])
    assert not verify(KEY, Decision.model_validate(signed | changed))


def test_a_key_whose_fingerprint_is_another_keys_verifies_nothing() -> None:
    """A pinned key_id is no name to be given to any key."""
    other = ApproverKey.model_validate(
        KEY.model_dump() | {"public_key": base64.b64encode(bytes(32)).decode()}
    )
    assert not verify(other, Decision.model_validate(sign(PRIVATE, PLAIN["decision"])))
