"""Publications: each once for its key, and taken down again."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from devstack.marketing.database import Database
from devstack.sqlite.database import text_of
from devstack.sqlite.idempotency import Answer, Document, fingerprint_of, once
from devstack.web import ApiError

_FIRST_NUMBER: Final = 10_001


class PostOrder(BaseModel):
    """The body of POST /posts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    channel: str = Field(min_length=1, max_length=40)
    title: str = Field(max_length=300)
    text: str = Field(min_length=1, max_length=40_000)
    form: str = Field(pattern=r"^(plain|markdown|html)$")


class Posts:
    """Publishes and takes down; `clock` returns the current moment, timezone-aware."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def publish(self, order: PostOrder, key: str) -> Answer:
        """Publish, or refuse with 404 for an unknown channel and 422 for text that the channel does not take."""

        def effect(connection: sqlite3.Connection) -> Document:
            channel = connection.execute(
                "SELECT * FROM channels WHERE channel = ?", [order.channel]
            ).fetchone()
            if channel is None:
                raise ApiError(404, "channel_not_found", "there is no such channel")
            if len(order.text) > channel["max_chars"]:
                raise ApiError(
                    422, "text_too_long", f"{order.channel} takes {channel['max_chars']} characters"
                )
            number = connection.execute(
                "SELECT coalesce(max(CAST(substr(post_id, 4) AS INTEGER)), ? - 1) + 1 FROM posts",
                [_FIRST_NUMBER],
            ).fetchone()[0]
            post_id = f"PB-{number}"
            connection.execute(
                "INSERT INTO posts VALUES (?, ?, ?, ?, ?, 'published', ?, ?)",
                [post_id, order.channel, order.title, order.text, order.form, text_of(self._clock()), key],
            )
            return post(connection, post_id)

        return once(self._database, key, fingerprint_of("post", order.model_dump()), 201, effect)

    def take_down(self, post_id: str, key: str) -> Answer:
        """Take a publication down; a repeated call changes nothing and gets the same answer."""

        def effect(connection: sqlite3.Connection) -> Document:
            post(connection, post_id)
            connection.execute("UPDATE posts SET status = 'taken_down' WHERE post_id = ?", [post_id])
            return post(connection, post_id)

        return once(self._database, key, fingerprint_of("take down", post_id), 200, effect)


def post(connection: sqlite3.Connection, post_id: str) -> Document:
    """Return one publication; 404 `post_not_found` if there is none."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM posts WHERE post_id = ?", [post_id]
    ).fetchone()
    if row is None:
        raise ApiError(404, "post_not_found", "there is no such publication")
    return dict(row)


def posts_by_key(connection: sqlite3.Connection, key: str) -> list[Document]:
    """Return what was published under an idempotency key, none or one."""
    rows = connection.execute("SELECT * FROM posts WHERE idempotency_key = ?", [key])
    return [dict(row) for row in rows.fetchall()]


def posts_on(connection: sqlite3.Connection, channel: str) -> list[Document]:
    """Return what is published on a channel, the newest first."""
    rows = connection.execute(
        "SELECT * FROM posts WHERE channel = ? AND status = 'published' ORDER BY created_at DESC LIMIT 200",
        [channel],
    )
    return [dict(row) for row in rows.fetchall()]
