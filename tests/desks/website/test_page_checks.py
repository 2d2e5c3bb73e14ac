"""The checks of pages: each planted defect is found, sound changes raise no alarm, and what was wrong before is a note."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from desks.website.evals.calibrate import judge_text
from desks.website.evals.planted import DEFECTS, cases, judge
from desks.website.models.changes import Check
from desks.website.models.facts import CheckFacts, EditFacts, PageChange, PageProblem
from desks.website.models.terms import StandardTerms
from desks.website.quoting import quotable
from desks.website.reviewers.page_standards import exceptions_of
from desks.website.rules import tasks
from desks.website.rules.checks.problem import Problem, compared, first_time
from desks.website.rules.checks.seo import SeoLimits
from desks.website.rules.checks.told import RULES, table
from desks.website.site_around import info_of
from dispatch.evals.planted import PlantedCase, measure
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.finding import Finding, FindingStatus, ReviewException
from dispatch.models.work.proposal import Draft, Proposal, ReviewBrief
from dispatch.models.work.severity import Severity
from tests.asked import HANDOFF, item

ROOT = Path(__file__).parents[3]
SEED = 7
HASH = "0" * 64


def made() -> Iterator[PlantedCase]:
    return cases(SEED)


def test_planted_defects_are_found_and_sound_changes_raise_no_alarm() -> None:
    """All of at least 100 defects, and at most 2 % of at least 100 clean cases."""
    found = measure(made(), judge)
    assert found.planted >= 100
    assert found.clean >= 100
    assert found.missed == ()
    assert found.false_alarms <= found.clean * 0.02, found.alarmed


def test_cases_are_the_same_for_a_seed_and_name_each_kind() -> None:
    """So that two measurements compare."""
    assert list(cases(1)) == list(cases(1))
    assert {case.planted for case in made()} >= set(DEFECTS)


def test_an_untouched_page_has_no_exceptions() -> None:
    """Whatever is wrong with a page was wrong before: a note for the requester."""
    for case in made():
        page = str(case.data.get("after", case.data["before"])).encode()
        assert tasks.check_seo(page, page, {}, SeoLimits()).worse == ()
        assert tasks.check_conformance(page, page).worse == ()


def test_one_more_of_a_kind_is_one_more() -> None:
    """Lines may move; the number of each kind may not grow."""
    one = Problem("r", Severity.MAJOR, 3, "t", "k")
    found = compared([one], [one._replace(line=9), one._replace(line=12), one._replace(key="other")])
    assert [(p.line, p.key) for p in found.worse] == [(12, "k"), (3, "other")]
    assert first_time([one, one._replace(severity=Severity.MINOR)]).worse == (one,)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01", b"<div>" * 60_000, b"<p " + b"a=1 " * 3 + b">", b"\xff" * 1000, b"{}" * 1000],
    ids=["empty", "binary", "deep", "attributes", "bytes", "json"],
)
def test_any_file_is_judged(data: bytes) -> None:
    """With rules, or as unreadable; never with an error."""
    assert isinstance(judge_text("x.html", data), tuple)


def test_structured_data_is_bounded() -> None:
    """Deep, wide and cyclic-looking data end in an answer."""
    deep = "[" * 5_000 + "]" * 5_000
    page = f'<html lang="en"><script type="application/ld+json">{deep}</script><script type="application/ld+json">{{"@type": ["Event", 3], "url": "x"}}</script>'
    rules = [p.rule for p in tasks.check_seo(None, page.encode(), {}, SeoLimits()).worse]
    assert "seo.jsonld_required" in rules


def test_checks_hold_or_say_why() -> None:
    """Each kind of check, on a page where it holds and where it does not."""
    page = b'<title>Prices</title><main><p class="a">EUR 21</p><a href="/x.html">x</a></main>'
    holds = (
        Check(kind="shows", value="EUR 21"),
        Check(kind="shows", value="EUR 21", selector=".a"),
        Check(kind="absent", value="EUR 19"),
        Check(kind="selector", selector="main p"),
        Check(kind="count", selector="main", count=1),
        Check(kind="link", value="/x.html"),
        Check(kind="title", value="Prices"),
        Check(kind="no_overflow"),
    )
    fails = (
        Check(kind="shows", value="EUR 2"),
        Check(kind="absent", value="EUR 21"),
        Check(kind="selector", selector="main h1"),
        Check(kind="selector", selector="p["),
        Check(kind="count", selector="p", count=3),
        Check(kind="link", value="/y.html"),
        Check(kind="title", value="Plans"),
    )
    assert tasks.check_acceptance(page, holds).worse == ()
    assert len(tasks.check_acceptance(page, fails[1:]).worse) == len(fails) - 1


def test_a_letter_leads_nowhere_else() -> None:
    """Links, addresses and account numbers of a page are left out of what is quoted; the site's own links stay."""
    hosts = ("www.site.example",)
    text = "See https://www.site.example/a.html, https://evil.example/x and mail me@evil.example now"
    assert quotable(text, hosts) == "See https://www.site.example/a.html, […] and mail […] now"
    assert quotable("DE89 3704 0044 0532 0130 00", hosts) == "[…]"
    assert quotable("“EUR 19” is now “EUR 21”.", hosts) == "“EUR 19” is now “EUR 21”."


def test_files_are_told_by_their_bytes() -> None:
    """Not by their names; a picture that cannot be read has no dimensions."""
    assert info_of(b"\x89PNG\r\n\x1a\n broken").kind == "damaged png"
    assert info_of(b"<svg xmlns='x'></svg>").kind == "svg"
    assert info_of(b"MZ").kind == ""


def _reviewed(
    worse: tuple[PageProblem, ...], *, risk: str, unavailable: str = "", terms: StandardTerms
) -> list[ReviewException]:
    document = DocumentRef(sha256=HASH, size_bytes=1, media_type="text/html", name="a.html")
    page = PageChange(
        path="a.html",
        url="u",
        before=None,
        after=document,
        risk=risk,
        item_ids=("item-1",),
        is_published=True,
    )
    facts = {
        "page_edit": EditFacts(pages=(page,)).model_dump(mode="json"),
        "seo": CheckFacts(worse=worse).model_dump(mode="json"),
        "accessibility": CheckFacts(unavailable=unavailable).model_dump(mode="json"),
    }
    findings = tuple(
        Finding(handoff=HANDOFF, specialist=name, status=FindingStatus.FOUND, summary="s", facts=one)
        for name, one in facts.items()
    )
    draft = Draft(title="t", text="x", statements=())
    proposal = Proposal(handoff=HANDOFF, proposal_id="p1", draft=draft, actions=())
    brief = ReviewBrief(
        handoff=HANDOFF, proposal=proposal, items=(item(1, "change_page"),), findings=findings
    )
    return list(exceptions_of(brief, terms))


def test_a_check_that_did_not_run_is_never_clean() -> None:
    """It holds every page, or those where more than words change, or is told in the reply alone, as the playbook says."""
    for mode, risk, held in (
        ("always", "text", True),
        ("risky", "text", False),
        ("risky", "removal", True),
        ("note", "removal", False),
    ):
        found = _reviewed((), risk=risk, unavailable="no browser", terms=StandardTerms(unavailable=mode))
        assert [one.standard for one in found] == (["accessibility.unavailable"] if held else []), (
            mode,
            risk,
        )


def test_the_fewest_that_matter_the_worst_first() -> None:
    """One for each rule, the worst first, at most as many as the playbook says, and ignored rules are left out."""
    problems = tuple(
        PageProblem(path="a.html", rule=rule, severity=severity, line=n, text="t")
        for n, (rule, severity) in enumerate(
            (
                ("a", Severity.MINOR),
                ("b", Severity.CRITICAL),
                ("b", Severity.CRITICAL),
                ("c", Severity.MAJOR),
                ("d", Severity.MAJOR),
            )
        )
    )
    found = _reviewed(problems, risk="text", terms=StandardTerms(most=2, ignore=("d",)))
    assert [one.standard for one in found] == ["b", "c", "page.more"]
    assert "and 1 more" in found[0].text


def test_the_page_of_the_desk_tells_every_rule() -> None:
    """The table is that of the code, and each rule that the code names is in it."""
    shown = (ROOT / "docs" / "desks" / "website.md").read_text(encoding="utf-8")
    told = shown.partition("told.py -->\n")[2].partition("\n<!-- end")[0]
    assert told == table()
    known = [rule for rules in RULES.values() for rule in rules]
    literals = {
        name
        for file in (ROOT / "desks" / "website").rglob("*.py")
        for name in re.findall(
            r"""Problem\(\s*(?:path=[^"]*)?(?:rule=)?"((?:seo|conformance|assets|links|acceptance|edit)\.\w+)\"""",
            file.read_text("utf-8"),
        )
    }
    assert len(literals) > 30
    unknown = [name for name in {*literals, *DEFECTS} if not any(fnmatchcase(name, rule) for rule in known)]
    assert unknown == []
