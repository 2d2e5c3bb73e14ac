"""Binding a head to a moment: a time stamping authority of openssl's own, and what its stamp is held against."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.audit_store.made import filled, lines_of
from tests.audit_store.typed import Typed, typed_at

CONFIGURATION = """
[tsa]
default_tsa = desk
[desk]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Return the folder of a time stamping authority with a certificate of its own."""
    folder = tmp_path / "authority"
    folder.mkdir()
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    usage = [
        "-addext",
        "extendedKeyUsage=critical,timeStamping",
        "-addext",
        "keyUsage=critical,digitalSignature",
    ]
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/tsa.key"),
        *("-out", f"{folder}/tsa.pem", "-subj", "/CN=A test's authority", "-days", "1", *usage),
    )
    return folder


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def stamp(authority: Path, request: Path, answer: Path) -> None:
    """Stamp a request as an authority does."""
    where = ("-config", f"{authority}/tsa.cnf", "-section", "desk")
    openssl("ts", "-reply", "-queryfile", str(request), "-out", str(answer), *where)


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    return typed_at(tmp_path, monkeypatch, capsys)


def test_a_stamped_head_is_verified(typed: Typed, tmp_path: Path, authority: Path) -> None:
    """The request goes out, the answer is kept beside the chain, and both hold until the chain is cut."""
    filled(tmp_path / "audit", 3)
    store = tmp_path / "audit" / "store"
    assert typed("audit", "anchor")[0] == 0
    (request,) = (store / "anchors").glob("*.tsq")
    stamp(authority, request, tmp_path / "answer.tsr")
    code, said, _ = typed("audit", "anchor", "--token", str(tmp_path / "answer.tsr"))
    assert (code, "line 3 stood so at" in said) == (0, True)
    verify = ("audit", "verify", "--no-replay", "--json", "--tsa-ca", str(authority / "tsa.pem"))
    code, said, _ = typed(*verify)
    assert code == 0
    assert "(verified)" in json.loads(said)["notes"][0]["what"]
    manifest = store / "manifest.jsonl"
    manifest.write_bytes(b"".join(lines_of(tmp_path / "audit")[:2]))
    code, said, _ = typed(*verify)
    assert code == 1
    assert any("the chain ends at 2: it was cut short" in one["what"] for one in json.loads(said)["broken"])


def test_the_stamp_of_another_authority_or_of_another_head_is_refused(
    typed: Typed, tmp_path: Path, authority: Path
) -> None:
    """A stamp counts for the head that it was made of, by the authority that is trusted."""
    filled(tmp_path / "audit", 1)
    typed("audit", "anchor")
    (request,) = (tmp_path / "audit" / "store" / "anchors").glob("*.tsq")
    stamp(authority, request, tmp_path / "answer.tsr")
    typed("audit", "anchor", "--token", str(tmp_path / "answer.tsr"))
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{tmp_path}/other.key"),
        *("-out", f"{tmp_path}/other.pem", "-subj", "/CN=another", "-days", "1"),
    )
    code, said, _ = typed("audit", "verify", "--no-replay", "--tsa-ca", str(tmp_path / "other.pem"))
    assert (code, "its time stamp does not hold" in said) == (1, True)
    openssl("ts", "-query", "-digest", "ab" * 32, "-sha256", "-cert", "-out", f"{tmp_path}/other.tsq")
    stamp(authority, tmp_path / "other.tsq", tmp_path / "other.tsr")
    code, _, complaint = typed("audit", "anchor", "--token", str(tmp_path / "other.tsr"))
    assert code == 2
    assert "is no time stamp of any anchor" in complaint


def test_there_is_nothing_to_anchor_in_an_empty_store(typed: Typed) -> None:
    """It is said in a sentence."""
    code, _, complaint = typed("audit", "anchor")
    assert (code, "holds no record yet" in complaint) == (2, True)
