"""RFC 3161 time stamps: requests, and what an authority answered.

Nothing is sent from here: the request is a file that any authority takes (`curl -H 'Content-Type: application/timestamp-query'
--data-binary @FILE.tsq URL -o FILE.tsr`), and its answer is a file that anybody can verify.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from dispatch.models.errors import AuditStoreError

_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_LONGEST_REASON: Final = 200


def request_for(line: bytes) -> bytes:
    """Return a request for a stamp of a line's sha256; it asks for the authority's certificate."""
    request = TimestampRequestBuilder().data(line).hash_algorithm(HashAlgorithm.SHA256).build()
    return request.as_bytes()


def time_of(answer: bytes, digest: str) -> datetime:
    """Return the time of an answer that is for this digest, 64 hex digits; who signed it is not checked.

    Raises AuditStoreError.
    """
    info = _read(answer).tst_info
    imprint = info.message_imprint
    # The same digits by another algorithm would be the stamp of another text.
    if imprint.hash_algorithm.dotted_string != _SHA256 or imprint.message.hex() != digest:
        raise AuditStoreError("it is no time stamp of this head")
    return info.gen_time


def verify(answer: bytes, digest: str, authority: Path) -> None:
    """Verify an answer against the certificates of its authority (PEM), which must be valid at the time of the stamp.

    Raises AuditStoreError.
    """
    time_of(answer, digest)
    try:
        trusted = x509.load_pem_x509_certificates(authority.read_bytes())
    except (OSError, ValueError) as error:
        raise AuditStoreError(
            f"{authority} holds no certificates (PEM): {error}; name the file of the time stamping authority"
        ) from None
    builder = VerifierBuilder()
    for certificate in dict.fromkeys(trusted):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify(_read(answer), bytes.fromhex(digest))
    except (VerificationError, ValueError, x509.InvalidVersion) as error:
        reason = str(error)[:_LONGEST_REASON]
        raise AuditStoreError(f"the certificates in {authority.name} do not confirm it: {reason}") from None


def _read(answer: bytes) -> TimeStampResponse:
    """Read an answer with a stamp in it; an authority may also answer with a refusal."""
    try:
        response = decode_timestamp_response(answer)
        response.tst_info  # noqa: B018 (reads the stamp, which a refusal lacks)
    except ValueError as error:
        raise AuditStoreError(f"it holds no time stamp: {str(error)[:_LONGEST_REASON]}") from None
    return response
