"""Finds the copy of a brief, in an attachment, in the mail or in an answer, and reads what the brief says of it."""

from datetime import datetime
from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.marketing.copy.reading import can_be_copy, form_of_text, read_source, source_of
from desks.marketing.copy.text import MEDIA_TYPES, BlockKind, Copy, CopyForm
from desks.marketing.models.facts import CopyFacts, CopyReaderTerms
from desks.marketing.rules.briefs import fields_of, launch_of, reach_of, region_of, topics_of
from dispatch.classification.language import language_of
from dispatch.isolation.text_processes import SHORT, TextProcesses
from dispatch.models.contract import Contract
from dispatch.models.errors import UnreadableTextError
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus
from dispatch.storage.document_reader import Documents
from dispatch.text.enclosed import enclosing

_NAME: Final = "copy_reader"
_FIELD: Final = "copy"
_MOST_TITLE: Final = 300
_ENDINGS: Final = {CopyForm.PLAIN: "txt", CopyForm.MARKDOWN: "md", CopyForm.HTML: "html"}


class CopyReader:
    """Finds one copy: an attachment before a text in the mail, and that before an answer.

    `nothing` means that there is no copy, or none that can be read; `ambiguous` that several files could be it, or that the
    brief's launch names no day. Strangers' files are read in a process with limits. Facts: CopyFacts.
    """

    uses: ClassVar[tuple[type[System], ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = CopyReaderTerms

    def __init__(self, systems: Systems) -> None:
        self._documents, self._texts = systems.get(Documents), systems.get(TextProcesses)

    async def examine(self, brief: Brief) -> Finding:
        terms = CopyReaderTerms.model_validate(brief.config)
        files = _latest(tuple(one for one in brief.attachments if can_be_copy(one.media_type, one.name)))
        if len(files) > 1:
            names = ", ".join(one.name for one in files)
            return _none(brief, FindingStatus.AMBIGUOUS, f"several files could be the copy: {names}")
        fields = fields_of(brief.items)
        try:
            if files:
                source, form, name = await self._from_file(files[0])
            else:
                source, form, name = _from_text(brief, fields.get(_FIELD, ""))
            copy = await self._texts.read(len(source), read_source, source, form)
        except UnreadableTextError as error:
            return _none(brief, FindingStatus.NOTHING, str(error))
        if not copy.text.strip():
            return _none(brief, FindingStatus.NOTHING, "the brief holds no copy")
        asked_at = brief.asked_at or brief.handoff.at
        launch = launch_of(fields.get("launch", "now"), asked_at, terms.time_zone, terms.launch_at)
        if launch.problem:
            return _none(brief, FindingStatus.AMBIGUOUS, f"the launch time: {launch.problem}")
        kept = await self._documents.keep(source.encode(), MEDIA_TYPES[form], f"{name}.{_ENDINGS[form]}")
        facts = CopyFacts(
            source=kept,
            form=form,
            title=_title(copy, brief.subject),
            channel=fields.get("channel", ""),
            audience=fields.get("audience", "")[:_MOST_TITLE],
            region=region_of(fields.get("region", "")) or terms.region,
            topics=topics_of(fields.get("topic", "")),
            language=language_of(copy.text) or brief.language,
            reach=reach_of(fields.get("reach", "")),
            launch=launch.moment,
            publish=any(item.kind in terms.publish_intents for item in brief.items),
        )
        return _found(brief, facts, copy, asked_at)

    async def _from_file(self, document: DocumentRef) -> tuple[str, CopyForm, str]:
        data = await self._documents.read(document)
        # A few bytes of a packed file can be much text: its own size says nothing.
        size = SHORT + 1 + len(data)
        source, form = await self._texts.read(size, source_of, data, document.media_type, document.name)
        return source, form, document.name.rpartition(".")[0] or document.name


def _latest(files: tuple[DocumentRef, ...]) -> tuple[DocumentRef, ...]:
    """Return each different file once; of two with one name the one that came last."""
    by_name = {one.name: one for one in files}
    return tuple({one.sha256: one for one in by_name.values()}.values())


def _from_text(brief: Brief, answered: str) -> tuple[str, CopyForm, str]:
    enclosed = enclosing(brief.body).enclosed
    text = _without_signature(enclosed, brief.requester.name) if enclosed else answered
    return text, form_of_text(text), "copy"


def _without_signature(text: str, sender: str) -> str:
    """Leave out the sender's name at the end, with a closing above it: they sign their mail, not the copy."""
    lines = text.rstrip().split("\n")
    names = {part.casefold() for part in sender.split() if part}
    last = {word.strip(".,").casefold() for word in lines[-1].split()} if lines else set()
    if not names or not last or not last <= names:
        return text
    kept = lines[:-1]
    while kept and (not kept[-1].strip() or _is_closing(kept[-1])):
        kept.pop()
    return "\n".join(kept)


def _is_closing(line: str) -> bool:
    plain = line.strip().rstrip(",.!").casefold()
    return plain in _CLOSINGS


_CLOSINGS: Final = frozenset(
    {"thanks", "many thanks", "thank you", "cheers", "best", "regards", "best regards", "kind regards", "best wishes", "all the best"}
    | {"danke", "vielen dank", "viele grüße", "beste grüße", "mit freundlichen grüßen", "liebe grüße", "lg", "vg", "mfg"}
)  # fmt: skip


def _title(copy: Copy, subject: str) -> str:
    heading = next(copy.blocks_of(BlockKind.HEADING), None)
    return (copy.of(heading) if heading is not None else subject)[:_MOST_TITLE]


def _none(brief: Brief, status: FindingStatus, why: str) -> Finding:
    return Finding(handoff=brief.handoff, specialist=_NAME, status=status, summary=why)


def _found(brief: Brief, facts: CopyFacts, copy: Copy, asked_at: datetime) -> Finding:
    when = "once it is approved" if facts.launch is None else f"at {facts.launch:%Y-%m-%d %H:%M %Z}"
    what = f"{len(copy.text):,} characters of {facts.form} in {facts.language}, for {facts.channel or 'no channel'}, {when}"
    past = facts.launch is not None and facts.launch < asked_at
    evidence = Evidence(
        evidence_id=f"{_NAME}.copy", source="request", reference=facts.source.sha256, text=what
    )
    return Finding(
        handoff=brief.handoff,
        specialist=_NAME,
        status=FindingStatus.FOUND,
        summary=f"{what}{'; that time is over' if past else ''}",
        facts=facts.model_dump(mode="json"),
        evidence=(evidence,),
    )
