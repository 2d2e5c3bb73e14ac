"""Binding a head to a moment: a time stamping authority of openssl's own, and what its stamp is held against."""

import hashlib
import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from dispatch.audit.store import time_stamps
from dispatch.models.errors import AuditStoreError
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
digests = sha256, sha3-256
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


LINE = b'{"seq":1}'
DIGEST = hashlib.sha256(LINE).hexdigest()


def answer_to(authority: Path, request: bytes) -> bytes:
    """Return what the authority answers to a request."""
    (authority / "asked.tsq").write_bytes(request)
    stamp(authority, authority / "asked.tsq", authority / "answered.tsr")
    return (authority / "answered.tsr").read_bytes()


def valid_until(authority: Path, end: datetime) -> None:
    """Give the authority another certificate of its key, valid from an hour ago until `end`."""
    old = x509.load_pem_x509_certificate((authority / "tsa.pem").read_bytes())
    key = load_pem_private_key((authority / "tsa.key").read_bytes(), None)
    builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), old.serial_number)
    builder = builder.not_valid_before(datetime.now(UTC) - timedelta(hours=1)).not_valid_after(end)
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    new = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]  # it is an RSA key, as made above
    (authority / "tsa.pem").write_bytes(new.public_bytes(Encoding.PEM))


def test_a_stamp_holds_after_its_authoritys_certificate_has_expired(authority: Path) -> None:
    """An archive outlives certificates: what counts is that they were valid at the time of the stamp."""
    end = datetime.now(UTC) + timedelta(seconds=4)
    valid_until(authority, end)
    answer = answer_to(authority, time_stamps.request_for(LINE))
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1)
    time_stamps.verify(answer, DIGEST, authority / "tsa.pem")
    assert time_stamps.time_of(answer, DIGEST) <= end
    late = answer_to(authority, time_stamps.request_for(LINE))
    with pytest.raises(AuditStoreError, match="do not confirm it"):
        time_stamps.verify(late, DIGEST, authority / "tsa.pem")


def test_a_stamp_of_the_same_digits_by_another_algorithm_is_none_of_the_head(authority: Path) -> None:
    """The digits of a sha256, stamped as those of a SHA-3, vouch for another text."""
    openssl("ts", "-query", "-digest", DIGEST, "-sha3-256", "-cert", "-out", f"{authority}/other.tsq")
    answer = answer_to(authority, (authority / "other.tsq").read_bytes())
    with pytest.raises(AuditStoreError, match="no time stamp of this head"):
        time_stamps.verify(answer, DIGEST, authority / "tsa.pem")


@pytest.mark.parametrize("answer", [b"", b"no stamp", b"0" * 50_000, b"\x30\x80" * 25_000])
def test_what_is_no_answer_is_refused_in_a_sentence(answer: bytes) -> None:
    """A file of anything is refused, however long."""
    with pytest.raises(AuditStoreError, match="it holds no time stamp"):
        time_stamps.time_of(answer, DIGEST)


def test_a_refusal_of_the_authority_is_no_stamp(authority: Path) -> None:
    """An authority that refuses answers without a stamp."""
    (authority / "asked.tsq").write_bytes(b"\x30\x03\x02\x01\x01")
    stamp(authority, authority / "asked.tsq", authority / "answered.tsr")
    with pytest.raises(AuditStoreError, match="it holds no time stamp"):
        time_stamps.time_of((authority / "answered.tsr").read_bytes(), DIGEST)


def test_a_file_without_certificates_is_named(authority: Path) -> None:
    """The file given for the authority is at fault, not the stamp."""
    answer = answer_to(authority, time_stamps.request_for(LINE))
    with pytest.raises(AuditStoreError, match=r"tsa\.cnf holds no certificates"):
        time_stamps.verify(answer, DIGEST, authority / "tsa.cnf")
