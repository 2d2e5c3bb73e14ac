"""The audit store in an S3-compatible bucket: as a folder, but the manifest is one object for each append.

`manifest/0000000001.jsonl` holds the lines from number 1 on, the next object begins where it ends. Every put is
conditional (If-None-Match: *), so of two writers one succeeds and the other is told; nothing is ever overwritten, and
there is no torn line, for an object is there as a whole or not at all. Credentials come as boto3 finds them
(AWS_ACCESS_KEY_ID, AWS_PROFILE, a role); they need s3:GetObject, s3:PutObject and s3:ListBucket, and not s3:DeleteObject.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dispatch.audit.store_models import START, Position
from dispatch.models.errors import AuditStoreError, WriteConflictError

_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_TAKEN: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict"})


class S3Backend:
    """A bucket, or a prefix in it; its methods block, so they run in a thread where a loop is to go on."""

    def __init__(
        self, bucket: str, prefix: str = "", *, endpoint: str | None = None, timeout_seconds: float = 10
    ) -> None:
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        # The object in which a line is the last: threads that share this place read it at different speeds.
        self._ends: dict[int, str] = {}
        with self._told("open"):
            self._s3 = boto3.client(
                "s3",
                endpoint_url=endpoint,
                config=Config(
                    connect_timeout=timeout_seconds,
                    read_timeout=timeout_seconds,
                    retries={"mode": "standard", "max_attempts": 3},
                ),
            )

    @property
    def name(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep nobody out: the conditional put of the next manifest object decides who was first."""
        yield

    def put(self, digest: str, data: bytes) -> None:
        if not self._put_new(self._object(digest), data) and self._size(self._object(digest)) != len(data):
            raise AuditStoreError(
                f"{self.name}/{self._object(digest)} holds something else than it must; restore it from a backup"
            )

    def get(self, digest: str) -> bytes | None:
        return self._get(self._object(digest))

    def has_manifest(self) -> bool:
        return next(self._keys(f"{self._prefix}manifest/"), None) is not None

    def lines(self, after: Position = START) -> Iterator[tuple[bytes, Position]]:
        seq, offset = after
        prefix = f"{self._prefix}manifest/"
        for key in self._keys(prefix, after=f"{prefix}{seq:010d}.jsonl" if seq else None):
            lines = (self._get(key) or b"").splitlines(keepends=True)
            self._ends[seq + len(lines)] = key
            for line in lines:
                seq, offset = seq + 1, offset + len(line)
                yield line, Position(seq, offset)

    def still_ends(self, at: Position, digest: str) -> bool:
        lines = (self._get(self._ends[at.seq]) or b"").splitlines(keepends=True)
        return bool(lines) and hashlib.sha256(lines[-1].removesuffix(b"\n")).hexdigest() == digest

    def append(self, lines: Sequence[bytes], after: Position) -> Position:
        data = b"".join(lines)
        key = f"{self._prefix}manifest/{after.seq + 1:010d}.jsonl"
        if not self._put_new(key, data):
            raise WriteConflictError(f"{self.name} has grown")
        self._ends[after.seq + len(lines)] = key
        return Position(after.seq + len(lines), after.offset + len(data))

    def write_beside(self, name: str, data: bytes) -> None:
        if not self._put_new(self._prefix + name, data) and self.read_beside(name) != data:
            raise AuditStoreError(f"{self.name}/{name} holds something else than it must; it was changed")

    def read_beside(self, name: str) -> bytes | None:
        return self._get(self._prefix + name)

    def names_beside(self, folder: str) -> list[str]:
        return [key.removeprefix(self._prefix) for key in self._keys(f"{self._prefix}{folder}/")]

    def _object(self, digest: str) -> str:
        return f"{self._prefix}objects/{digest[:2]}/{digest}"

    def _put_new(self, key: str, data: bytes) -> bool:
        """Put unless the key is taken; returns whether it was written."""
        with self._told(f"put {key}"):
            try:
                self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in _TAKEN:
                    return False
                raise
        return True

    def _get(self, key: str) -> bytes | None:
        with self._told(f"get {key}"):
            try:
                found: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
        return found

    def _size(self, key: str) -> int:
        with self._told(f"look at {key}"):
            return int(self._s3.head_object(Bucket=self._bucket, Key=key)["ContentLength"])

    def _keys(self, prefix: str, after: str | None = None) -> Iterator[str]:
        more: dict[str, Any] = {"StartAfter": after} if after else {}
        with self._told(f"list {prefix}"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, **more
            ):
                yield from (found["Key"] for found in page.get("Contents", ()))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, ValueError) as error:
            raise AuditStoreError(
                f"s3://{self._bucket} cannot {what}: {str(error)[:300]}; see DISPATCH_AUDIT_STORE, "
                "DISPATCH_AUDIT_S3_ENDPOINT and the AWS_* variables"
            ) from None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
