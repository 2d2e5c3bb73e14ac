"""Carries out the jobs of a request: reads each page, edits it in a process of its own, and keeps both versions."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from desks.website.models.changes import Change, Check, Kind
from desks.website.models.facts import Line, PageChange, PageProblem
from desks.website.models.terms import EditTerms
from desks.website.questions import Unclear
from desks.website.rules import tasks
from desks.website.rules.page.source import PageError
from desks.website.rules.request.items import items_of
from desks.website.rules.request.jobs import Job
from desks.website.site_files import MOST_BYTES
from desks.website.systems.site_pages import SitePages
from desks.website.systems.web_pages import WebPages
from dispatch.isolation.text_processes import SHORT, TextProcesses
from dispatch.models.errors import RefusedError, UnreadableTextError
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.finding import Brief
from dispatch.models.work.severity import Severity
from dispatch.storage.document_reader import Documents

PAGE_TYPE: Final = "text/html"
_RISKS: Final = ("text", "addition", "address", "removal", "file", "new_host", "script")
"""From the least to the most."""


class Tools(NamedTuple):
    """What the jobs are done with."""

    site: SitePages
    web: WebPages
    documents: Documents
    texts: TextProcesses


class JobDone(NamedTuple):
    """A page's change, or what must be asked about it first."""

    page: PageChange | None
    unclear: tuple[Unclear, ...] = ()
    left: tuple[PageProblem, ...] = ()


async def do(
    job: Job, brief: Brief, terms: EditTerms, chosen: str, checks: tuple[Check, ...], tools: Tools
) -> JobDone:
    """Do one job; what is wrong with a page or a file is asked about, what is wrong with a system is raised."""
    said = job.changes[0].said if job.changes else ""
    try:
        data, path, url = await _read(job, brief, tools, terms)
        if data is None and not job.file:
            return JobDone(None, (Unclear(said, "no_page"),))
        if job.file:
            return await _replaced(job, brief, data, path, url, checks, tools)
        return await _edited(job, brief, data or b"", path, url, checks, chosen, terms, tools)
    except PageError as error:
        return JobDone(None, (Unclear(said, "unreadable", more=str(error)),))
    except UnreadableTextError as error:
        return JobDone(None, (Unclear(said, "unreadable", more=str(error)),))
    except RefusedError as error:
        return JobDone(None, (Unclear(said, "unreadable", more=str(error)),))


async def _read(job: Job, brief: Brief, tools: Tools, terms: EditTerms) -> tuple[bytes | None, str, str]:
    if job.attached:
        return await _attached(job.attached, brief, tools), job.attached, ""
    if job.url:
        fetched = await tools.web.of_host(job.url, terms.fetch)
        name = urlsplit(fetched.url).path.rsplit("/", 1)[-1] or "index.html"
        return fetched.data, name, fetched.url
    shown = f"{terms.public_url}/{job.path}" if terms.public_url else tools.site.address(job.path)
    return await tools.site.page(job.path), job.path, shown


async def _attached(name: str, brief: Brief, tools: Tools) -> bytes:
    document = next(each for each in brief.attachments if each.name == name)
    if document.size_bytes > MOST_BYTES:
        raise PageError(f"{name} has more than {MOST_BYTES:,} bytes")
    return await tools.documents.read(document)


async def _edited(
    job: Job,
    brief: Brief,
    data: bytes,
    path: str,
    url: str,
    checks: tuple[Check, ...],
    chosen: str,
    terms: EditTerms,
    tools: Tools,
) -> JobDone:
    hosts = frozenset((*terms.hosts, *terms.link_hosts))
    result = await tools.texts.read(max(len(data), SHORT + 1), tasks.edit, data, job.changes, chosen, hosts)
    if result.open:
        return JobDone(None, tuple(_unclear(job.changes[one.change], one) for one in result.open))
    lines = tuple(
        Line(line=one.line, what=one.part, was=one.was, becomes=one.becomes) for one in result.lines
    )
    risk = max((one.risk for one in result.lines), key=_RISKS.index, default="text")
    page = await _page(job, brief, path, url, (data, result.data), tools)
    page = page.model_copy(
        update={"lines": lines, "risk": risk, "checks": _checks_of(path, job.changes, terms, checks)}
    )
    return JobDone(page, (), tuple(_left(path, shown) for shown in result.left))


def _left(path: str, shown: tasks.Shown) -> PageProblem:
    text = f"the words that were replaced still stand here: {shown.words}"[:500]
    return PageProblem(path=path, rule="edit.words_left", severity=Severity.MINOR, line=shown.line, text=text)


def _unclear(change: Change, one: tasks.OpenChange) -> Unclear:
    return Unclear(change.said, one.why, places=one.places)


async def _replaced(
    job: Job, brief: Brief, before: bytes | None, path: str, url: str, checks: tuple[Check, ...], tools: Tools
) -> JobDone:
    data = await _attached(job.file, brief, tools)
    if before == data:
        return JobDone(None, (Unclear(job.changes[0].said, "same"),))
    size = max(len(data), SHORT + 1)
    result = await tools.texts.read(size, tasks.replacement, data, before)
    page = await _page(job, brief, path, url, (before, data), tools)
    return JobDone(page.model_copy(update={"risk": result.risk, "checks": checks}))


async def _page(
    job: Job, brief: Brief, path: str, url: str, versions: tuple[bytes | None, bytes], tools: Tools
) -> PageChange:
    before, after = versions
    name = path.rsplit("/", 1)[-1]
    items = [(item.item_id, item.text) for item in brief.items]
    ids = dict.fromkeys(i for change in job.changes for i in items_of(change.said, items))
    kept: DocumentRef | None = None
    if before is not None:
        kept = await tools.documents.keep(before, PAGE_TYPE, name)
    return PageChange(
        path=path,
        url=url or name,
        before=kept,
        after=await tools.documents.keep(after, PAGE_TYPE, name),
        risk="text",
        item_ids=tuple(ids) or tuple(item.item_id for item in brief.items),
        is_published=not job.attached and not job.url,
    )


def _checks_of(
    path: str, changes: tuple[Change, ...], terms: EditTerms, asked: tuple[Check, ...]
) -> tuple[Check, ...]:
    """Return what must hold afterwards: the playbook's checks, the request's own, and that new words are shown."""
    of_page = (*terms.checks.get("*", ()), *terms.checks.get(path, ()))
    shown = tuple(
        Check(kind="shows", value=change.value, source="request")
        for change in changes
        if change.kind in (Kind.REPLACE, Kind.SET, Kind.ADD)
        and change.value
        and not change.target.attribute
        and change.target.part.value not in ("title", "description", "button", "image")
    )
    return tuple(dict.fromkeys((*of_page, *asked, *shown)))
