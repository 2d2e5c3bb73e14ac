"""Publishing into the site's folder: whole or not at all, once for each key, never over somebody else's work, never outside."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from desks.website.models.publishing import PublishFacts, PublishParameters, PublishPolicy
from desks.website.rules.publish_guard import inspect_publication
from desks.website.systems.site_pages import SitePages
from desks.website.systems.site_publisher import SitePublisher
from dispatch.models.errors import RefusedError, UnavailableError
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.playbook import Tier

OLD, NEW = b"<p>old</p>", b"<p>new</p>"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "about").mkdir(parents=True)
    (site / "a.html").write_bytes(OLD)
    (site / "a.html").chmod(0o640)
    return site


@pytest.fixture
def publisher(folder: Path) -> SitePublisher:
    return SitePublisher(folder, folder.parent / "versions")


async def test_a_page_is_replaced_once_for_its_key_and_can_be_put_back(
    folder: Path, publisher: SitePublisher
) -> None:
    """The same order again changes nothing; the version before comes back byte for byte, with its permissions."""
    first = await publisher.publish("k1", "a.html", NEW, sha(OLD))
    again = await publisher.publish("k1", "a.html", NEW, sha(OLD))
    assert (first, (folder / "a.html").read_bytes()) == (again, NEW)
    assert mode_of(folder / "a.html") == 0o640
    restored = await publisher.restore("k1")
    assert (restored.restored, (folder / "a.html").read_bytes()) == (True, OLD)
    assert (await publisher.restore("k1")).restored
    assert names_in(folder) == ["a.html", "about"]


async def test_a_page_that_changed_meanwhile_is_never_overwritten(
    folder: Path, publisher: SitePublisher
) -> None:
    """Neither when it is published, nor when it is put back."""
    (folder / "a.html").write_bytes(b"<p>of a colleague</p>")
    with pytest.raises(RefusedError) as refused:
        await publisher.publish("k1", "a.html", NEW, sha(OLD))
    assert refused.value.code == "page_changed"
    assert (folder / "a.html").read_bytes() == b"<p>of a colleague</p>"
    assert await publisher.find("k1") is None
    (folder / "a.html").write_bytes(OLD)
    await publisher.publish("k2", "a.html", NEW, sha(OLD))
    (folder / "a.html").write_bytes(b"<p>later</p>")
    with pytest.raises(RefusedError):
        await publisher.restore("k2")
    assert (folder / "a.html").read_bytes() == b"<p>later</p>"


async def test_a_key_is_for_one_page_and_one_version(publisher: SitePublisher) -> None:
    """Another order under a key that was used is a conflict, and so is one that was taken back."""
    await publisher.publish("k1", "a.html", NEW, sha(OLD))
    with pytest.raises(RefusedError):
        await publisher.publish("k1", "b.html", NEW, "")
    await publisher.restore("k1")
    with pytest.raises(RefusedError):
        await publisher.publish("k1", "a.html", NEW, sha(OLD))


async def test_a_crash_between_record_and_page_is_mended_by_the_next_attempt(
    folder: Path, publisher: SitePublisher
) -> None:
    """The record alone is no publication: the page is still the old one, and is then published."""
    await publisher.publish("k1", "a.html", NEW, sha(OLD))
    (folder / "a.html").write_bytes(OLD)
    await publisher.publish("k1", "a.html", NEW, sha(OLD))
    assert (folder / "a.html").read_bytes() == NEW


async def test_of_many_at_once_one_wins(folder: Path, publisher: SitePublisher) -> None:
    """Each was made on the same page, so all but one are refused, and the page is whole."""
    made = await asyncio.gather(
        *(publisher.publish(f"k{n}", "a.html", b"<p>%d</p>" % n * 2000, sha(OLD)) for n in range(20)),
        return_exceptions=True,
    )
    won = [one for one in made if not isinstance(one, BaseException)]
    assert len(won) == 1
    assert sha((folder / "a.html").read_bytes()) == won[0].sha256
    assert all(isinstance(one, RefusedError) for one in made if isinstance(one, BaseException))


@pytest.mark.parametrize(
    "path",
    ["../x.html", "/etc/x.html", "about/../../x.html", "%2e%2e/x.html", "a\x00.html", "", "a/", ".hidden"],
)
async def test_no_path_leads_out_of_the_folder(folder: Path, publisher: SitePublisher, path: str) -> None:
    """Climbing, absolute, encoded, hidden, broken: each is refused before anything is opened."""
    for attempt in (publisher.publish("k1", path, NEW, ""), SitePages(folder, "http://x").page(path)):
        with pytest.raises(RefusedError) as refused:
            await attempt
        assert refused.value.code == "unsafe_path"
    assert sorted(p.name for p in folder.parent.iterdir() if p.name != "versions") == ["site"]


async def test_links_are_never_followed(folder: Path, publisher: SitePublisher, tmp_path: Path) -> None:
    """Neither a page nor a folder that is a symbolic link is read, written or listed; a device is no page."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.html").write_bytes(b"secret")
    (folder / "link.html").symlink_to(outside / "secret.html")
    (folder / "way").symlink_to(outside)
    os.mkfifo(folder / "pipe.html")
    pages = SitePages(folder, "http://x")
    for path in ("link.html", "way/secret.html"):
        with pytest.raises(RefusedError):
            await publisher.publish(f"k-{path}", path, NEW, sha(b"secret"))
    with pytest.raises(RefusedError):
        await pages.page("link.html")
    with pytest.raises(RefusedError):
        await pages.page("pipe.html")
    assert await pages.pages() == ("a.html",)
    assert (outside / "secret.html").read_bytes() == b"secret"


async def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """A person reads which setting names it."""
    with pytest.raises(UnavailableError, match="DISPATCH_SITE_DIR"):
        await SitePages(tmp_path / "none", "http://x").pages()
    with pytest.raises(UnavailableError, match="DISPATCH_SITE_DIR"):
        await SitePages(tmp_path / "none", "http://x").page("a.html")


async def test_a_page_that_is_too_large_is_refused(folder: Path, publisher: SitePublisher) -> None:
    """Two megabytes are more than a page for people has."""
    (folder / "a.html").write_bytes(b"x" * 2_000_001)
    with pytest.raises(RefusedError) as refused:
        await SitePages(folder, "http://x").page("a.html")
    assert refused.value.code == "too_large"
    with pytest.raises(RefusedError):
        await publisher.publish("k1", "b.html", b"x" * 2_000_001, "")


WANTED = PublishParameters(
    path="a.html",
    was_sha256=sha(OLD),
    page=DocumentRef(sha256=sha(NEW), size_bytes=10, media_type="text/html", name="a.html"),
    risk="text",
)
POLICY = PublishPolicy(risks={"text": Tier.LOW, "removal": Tier.MEDIUM}, never=("admin/*", "imprint.html"))
THERE = PublishFacts(sha256=sha(OLD))


@pytest.mark.parametrize(
    ("changes", "facts", "rule"),
    [
        ({"path": "../a.html"}, THERE, "publish.path"),
        ({"path": "a.php"}, THERE, "publish.path"),
        ({"path": "admin/users.html"}, THERE, "publish.never"),
        ({"path": "imprint.html"}, THERE, "publish.never"),
        ({}, PublishFacts(sha256=sha(b"other")), "publish.conflict"),
        ({}, PublishFacts(), "publish.conflict"),
        ({}, PublishFacts(sha256=sha(OLD), document=False), "publish.document"),
        ({}, PublishFacts(sha256=sha(OLD), is_safe=False), "publish.path"),
    ],
)
def test_the_guard_blocks(changes: dict[str, str], facts: PublishFacts, rule: str) -> None:
    """What leads out, what is never published, what somebody else changed, and a page that is not in the store."""
    found = inspect_publication(WANTED.model_copy(update=changes), facts, POLICY)
    assert [reason.rule for reason in found.blocks] == [rule]


@pytest.mark.parametrize(
    ("risk", "tier"), [("text", Tier.LOW), ("removal", Tier.MEDIUM), ("unheard of", Tier.CRITICAL)]
)
def test_the_tier_follows_the_risk(risk: str, tier: Tier) -> None:
    """A kind of change that the playbook does not name is critical."""
    found = inspect_publication(WANTED.model_copy(update={"risk": risk}), THERE, POLICY)
    assert (found.blocks, [raised.tier for raised in found.raises]) == ((), [tier])
