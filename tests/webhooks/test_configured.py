"""The file of webhooks, the guard on where they go, and events read from recorded histories."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from activities.webhooks.events import events_of, message_id
from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import trail_of_events
from dispatch.models.errors import SettingsError
from dispatch.models.webhooks import WebhookEvent
from dispatch.storage.webhooks_file import WebhooksFile

HISTORIES = sorted((Path(__file__).parents[1] / "replay" / "histories" / "v0.4.0").glob("[0-9]*.json.gz"))
"""Of the samples: each is a request."""
ENTRY: dict[str, object] = {
    "name": "crm",
    "url": "https://crm.example/hooks",
    "secret_file": "crm.secret",
    "events": ["request.closed"],
}


def file(tmp_path: Path, *entries: object) -> WebhooksFile:
    path = tmp_path / "webhooks.yaml"
    path.write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
    return WebhooksFile(path)


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/hooks",
        "http://127.0.0.1:9000/hooks",
        "http://[::1]/hooks",
        "http://10.1.2.3/hooks",
        "http://localhost/hooks",
        "http://crm:8080/hooks",
    ],
)
def test_where_a_webhook_may_go(tmp_path: Path, url: str) -> None:
    """By https anywhere; without it to this machine and to private networks."""
    (webhook,) = file(tmp_path, ENTRY | {"url": url}).read()
    assert webhook.url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/hooks",
        "http://8.8.8.8/hooks",
        "http://0.0.0.0/hooks",
        "ftp://crm.example/hooks",
        "https://user:word@crm.example/hooks",
        "https:///hooks",
        "crm.example/hooks",
    ],
)
def test_where_none_may_go(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"webhooks\.yaml: at 0\.url: "):
        file(tmp_path, ENTRY | {"url": url}).read()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"events": []}, "at 0.events"),
        ({"events": ["request.opened"]}, "at 0.events.0"),
        ({"secret": "whsec_x"}, "at 0.secret"),
        ({"name": "CRM"}, "at 0.name"),
        ({"desks": "support"}, "at 0.desks"),
    ],
)
def test_the_file_is_strict(tmp_path: Path, changed: dict[str, object], words: str) -> None:
    """What is misspelt is named with its place, not passed over."""
    with pytest.raises(SettingsError, match=words):
        file(tmp_path, ENTRY | changed).read()


def test_names_are_given_once(tmp_path: Path) -> None:
    """A name is part of a message's id: two receivers of one name would share it."""
    with pytest.raises(SettingsError, match="stands twice"):
        file(tmp_path, ENTRY, {**ENTRY, "events": ["request.waiting"], "secret_file": "b"}).read()


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """It is read for each delivery, from beside the file where its path is relative."""
    webhooks = file(tmp_path, ENTRY)
    (webhook,) = webhooks.read()
    with pytest.raises(SettingsError, match="cannot be read"):
        webhooks.secret_of(webhook)
    secret = tmp_path / "crm.secret"
    secret.write_text("whsec_c2VjcmV0", encoding="ascii")
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        webhooks.secret_of(webhook)
    secret.chmod(0o600)
    assert webhooks.secret_of(webhook) == "whsec_c2VjcmV0"
    secret.write_text("c2VjcmV0", encoding="ascii")
    with pytest.raises(SettingsError, match="begins with whsec_"):
        webhooks.secret_of(webhook)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.partition(".")[0])
def test_a_history_tells_the_same_events_each_time(history: Path) -> None:
    """However much of it there was when it was read: each event keeps its id, and ends come once."""
    events = list(events_in(history))
    whole = list(events_of(trail_of_events(events)))
    ids = [message_id("crm", one.known_by) for one in whole]
    assert len(set(ids)) == len(ids)
    kinds = Counter(one.message.type for one in whole)
    assert kinds[WebhookEvent.CLOSED] == 1
    told: list[str] = []
    for cut in range(1, len(events) + 1, 7):
        seen = [one.known_by for one in events_of(trail_of_events(events[:cut]))]
        told += [one for one in seen if one not in told]
    assert set(told) <= {one.known_by for one in whole}
