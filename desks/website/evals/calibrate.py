"""Runs the checks over a page of any site, as if it were published for the first time."""

from desks.website.rules import tasks
from desks.website.rules.checks.assets import AssetLimits
from desks.website.rules.checks.seo import SeoLimits
from desks.website.rules.page.source import PageError


def judge_text(name: str, data: bytes) -> tuple[str, ...]:
    """Return the rules for which a person would be asked, one entry for each rule; `unreadable` for what is no page.

    The site around the page is not known, so nothing is said of files that it refers to.
    """
    del name  # the page's own words count
    try:
        found = (
            tasks.check_seo(None, data, {}, SeoLimits()),
            tasks.check_conformance(None, data),
            tasks.check_assets(None, data, None, AssetLimits()),
        )
    except PageError:
        return ("page.unreadable",)
    return tuple(dict.fromkeys(problem.rule for one in found for problem in one.worse))
