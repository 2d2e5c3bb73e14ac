"""Sorts the changes of a request by page: which page of the site, of another host, or attached, each is for."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from desks.website.models.changes import Change, Kind, Wish
from desks.website.rules.request.answer import Answer
from desks.website.rules.site import is_page, page_named


class Site(NamedTuple):
    """What pages there are: the site's own, the hosts it is served under, other hosts that are fetched, attached files."""

    pages: tuple[str, ...]
    hosts: frozenset[str]
    fetched: frozenset[str]
    attached: tuple[str, ...]
    """The names of the HTML files that came with the request."""


class Job(NamedTuple):
    """The changes of one page: of `path` in the site, of `url` elsewhere, or of an attached file; `file` replaces it."""

    path: str = ""
    url: str = ""
    attached: str = ""
    file: str = ""
    changes: tuple[Change, ...] = ()


class Ask(NamedTuple):
    """What must be asked: the words that it is about, a key of the desk's texts, and pages that may be meant."""

    said: str
    why: str
    pages: tuple[str, ...] = ()


class Sorted(NamedTuple):
    """The jobs in the order of the request, and what is not clear."""

    jobs: tuple[Job, ...]
    asks: tuple[Ask, ...]


def with_answer(wish: Wish, answer: Answer) -> tuple[Wish, bool]:
    """Put the changes of an answer in the place of what was not understood, where they are as many; tell whether it was."""
    if not wish.unclear or len(answer.changes) < len(wish.unclear):
        return wish, False
    said = [one.said for one in wish.unclear]
    page = wish.changes[-1].page if wish.changes else (wish.pages[0] if wish.pages else "")
    more = tuple(
        change.model_copy(update={"said": said[min(i, len(said) - 1)], "page": change.page or page})
        for i, change in enumerate(answer.changes)
    )
    return wish.model_copy(update={"changes": (*wish.changes, *more), "unclear": ()}), True


def sorted_by_page(wish: Wish, answer: Answer, site: Site) -> Sorted:
    """Sort the changes; one without a page is for the only page that is named anywhere, or is asked about."""
    asks = [Ask(one.said, one.why) for one in wish.unclear]
    jobs: dict[tuple[str, str, str], Job] = {}
    default = answer.page or (wish.pages[0] if len(wish.pages) == 1 else "")
    for change in wish.changes:
        found = _job(change, change.page or default, answer, site)
        if isinstance(found, Ask):
            asks.append(found)
            continue
        which = (found.path, found.url, found.attached)
        known = jobs.get(which, found._replace(changes=(), file=""))
        if change.kind is Kind.FILE:
            known = known._replace(file=found.file, changes=(*known.changes, change))
        else:
            known = known._replace(changes=(*known.changes, change))
        jobs[which] = known
    asks += [
        Ask(job.changes[0].said, "file_and_words")
        for job in jobs.values()
        if job.file and any(change.kind is not Kind.FILE for change in job.changes)
    ]
    return Sorted(tuple(jobs.values()), tuple(_unique(asks)))


def _unique(asks: Iterable[Ask]) -> Iterable[Ask]:
    return dict.fromkeys(asks)


def _job(change: Change, named: str, answer: Answer, site: Site) -> Job | Ask:
    if change.kind is Kind.FILE:
        return _file(change, named, answer, site)
    if not named:
        if len(site.attached) == 1:
            return _attached(change, site.attached[0], site)
        if len(site.pages) == 1:
            return Job(path=site.pages[0])
        return Ask(change.said, "which_page", site.pages[:12])
    if not named.startswith(("/", "http")) and named in site.attached:
        return _attached(change, named, site)
    return _of_site(change.said, named, answer, site)


def _of_site(said: str, named: str, answer: Answer, site: Site) -> Job | Ask:
    found = page_named(named, site.pages, site.hosts)
    if not found.path and not found.url and answer.page and answer.page != named:
        # The page was asked for, and this is the answer.
        found = page_named(answer.page, site.pages, site.hosts)
    if found.path:
        return Job(path=found.path)
    if found.url:
        host = found.url.split("/")[2].lower() if found.url.count("/") > 1 else ""
        return Job(url=found.url) if host in site.fetched else Ask(said, "foreign_host")
    if found.candidates:
        return Ask(said, "which_page", found.candidates)
    return Ask(said, "no_page", site.pages[:12])


def _attached(change: Change, name: str, site: Site) -> Job | Ask:
    if page_named(name, site.pages, site.hosts).path:
        return Ask(change.said, "file_and_words")
    return Job(attached=name)


def _file(change: Change, named: str, answer: Answer, site: Site) -> Job | Ask:
    if not site.attached:
        return Ask(change.said, "no_file")
    mine = [name for name in site.attached if named and _base(name) == _base(named)]
    file = mine[0] if mine else site.attached[0] if len(site.attached) == 1 else ""
    if not file:
        return Ask(change.said, "which_page", site.attached)
    target = _of_site(change.said, named or file, answer, site)
    return target._replace(file=file) if isinstance(target, Job) else target


def _base(name: str) -> str:
    plain = name.rstrip("/").rsplit("/", 1)[-1].casefold()
    return plain if is_page(plain) else f"{plain}.html"


def pages_of(files: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the names of the files that are HTML, given with their media types."""
    return tuple(
        name for name, media in files if is_page(name) or media in ("text/html", "application/xhtml+xml")
    )
