"""The planted defects are found, clean copy raises no alarm, and published copy can be judged."""

from desks.marketing.evals.calibrate import judge_text
from desks.marketing.evals.planted import cases, judge
from dispatch.evals.planted import SEED, measure


def test_all_planted_defects_are_found_and_clean_copy_is_left_alone() -> None:
    """At least a hundred of each; at most one clean case in fifty may be flagged."""
    figures = measure(cases(SEED), judge)
    assert figures.planted >= 100
    assert figures.clean >= 100
    assert figures.missed == ()
    assert figures.false_alarms <= figures.clean * 0.02, figures.alarmed


def test_the_same_seed_makes_the_same_cases() -> None:
    """And another seed makes others, so that the figures rest on no single text."""
    assert [case.data for case in cases(1)] == [case.data for case in cases(1)]
    assert [case.data for case in cases(1)] != [case.data for case in cases(2)]


def test_a_published_text_is_judged_by_its_kinds_of_exceptions() -> None:
    """Each rule once; what is no text has no alarms."""
    assert judge_text("a.md", b"# News\n\nThe best tent. The finest tent.\n") == ("claim.superlative",)
    assert judge_text("a.txt", b"It cures headaches.") == ("claim.health",)
    assert judge_text("a.bin", bytes(range(32)) * 9) == ()
