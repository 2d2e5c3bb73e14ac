"""Keys of programs: what is kept of them, and the command that makes, lists and removes them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.commands import parsed
from cli.programs.api_keys import run
from dispatch.models.errors import KeysError
from dispatch.storage.api_keys import ApiKeys, Scope, key_of
from runtime.settings import Settings

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> ApiKeys:
    return ApiKeys(tmp_path / "api-keys")


async def typed(tmp_path: Path, *words: str) -> int:
    return await run(parsed(["api-key", *words]), Settings(var_dir=tmp_path))


def test_a_key_opens_by_its_words_alone(keys: ApiKeys) -> None:
    """Each key is found by what was shown once, and nothing else is."""
    made = [keys.add(name, (Scope.WRITE,), None, NOW) for name in ("shop", "form")]
    assert [key_of(keys.all(), one.secret) for one in made] == [one.key for one in made]
    for wrong in ("", made[0].secret[:-1], made[0].key.sha256, "\udcff"):
        assert key_of(keys.all(), wrong) is None


def test_only_its_digest_is_kept_and_only_its_owner_reads_it(keys: ApiKeys, tmp_path: Path) -> None:
    """Folder 700, file 600, and nothing in it that opens the door."""
    made = keys.add("shop", (Scope.WRITE,), "support", NOW)
    path = tmp_path / "api-keys" / "shop.json"
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert made.secret.startswith("ddk_")
    assert made.secret not in path.read_text()
    assert made.secret[4:] not in path.read_text()


def test_a_signing_secret_is_no_bearer_key(keys: ApiKeys) -> None:
    """What signs webhooks is not shown in calls, where proxies could log it."""
    made = keys.add("crm", (Scope.WRITE,), None, NOW, signed=True)
    assert made.secret.startswith("whsec_")
    assert key_of(keys.all(), made.secret) is None
    assert made.secret not in repr(made.key)


@pytest.mark.parametrize("name", ["", "Shop", "../shop", "a/b", "x" * 64, ".hidden"])
def test_what_is_no_name_is_refused(keys: ApiKeys, tmp_path: Path, name: str) -> None:
    """A name is a file's name: none leads out of the folder."""
    with pytest.raises(KeysError, match="lower-case letters"):
        keys.add(name, (Scope.WRITE,), None, NOW)
    with pytest.raises(KeysError, match="there is no key"):
        keys.remove(name)
    assert not list(tmp_path.rglob("*.json"))


def test_a_name_is_not_given_twice(keys: ApiKeys) -> None:
    """The first key goes on to open the door."""
    made = keys.add("shop", (Scope.WRITE,), None, NOW)
    with pytest.raises(KeysError, match="already"):
        keys.add("shop", (Scope.READ,), None, NOW)
    assert keys.all() == [made.key]


async def test_the_command_shows_a_key_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout alone, for a script; the list has all but the key, and what is removed opens nothing."""
    assert await typed(tmp_path, "add", "shop", "--scope", "requests:write", "--desk", "support") == 0
    out, err = capsys.readouterr()
    secret = out.strip()
    assert "shown this once" in err
    found = key_of(ApiKeys(tmp_path / "api-keys").all(), secret)
    assert found is not None
    assert (found.name, found.scopes, found.desk) == ("shop", (Scope.WRITE,), "support")
    assert await typed(tmp_path, "list") == 0
    assert await typed(tmp_path, "list", "--json") == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert found.sha256 not in listed
    (row,) = json.loads(listed.splitlines()[1])
    assert (row["name"], row["scopes"], row["signed"]) == ("shop", ["requests:write"], False)
    assert await typed(tmp_path, "remove", "shop") == 0
    assert key_of(ApiKeys(tmp_path / "api-keys").all(), secret) is None
    with pytest.raises(KeysError, match="there is no key"):
        await typed(tmp_path, "remove", "shop")
