"""How approvals of tiers compare, and what is shown of them."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.work.approval_policy import MOST_SIGNATURES, NO_APPROVAL, ApprovalPolicy

POLICIES = st.builds(
    ApprovalPolicy, signatures=st.integers(1, MOST_SIGNATURES), signed=st.booleans()
) | st.just(NO_APPROVAL)


@given(POLICIES, POLICIES, POLICIES)
def test_the_combination_is_the_least_that_covers_both(
    one: ApprovalPolicy, other: ApprovalPolicy, third: ApprovalPolicy
) -> None:
    """What covers the combination covers each part, and whatever covers both parts covers the combination."""
    combined = one.combined_with(other)
    assert combined.covers(one)
    assert combined.covers(other)
    assert third.covers(combined) == (third.covers(one) and third.covers(other))


def test_more_people_do_not_replace_a_signature_nor_the_reverse() -> None:
    """Two names and one signature: neither is enough where the other is required."""
    two_names, one_signature = ApprovalPolicy(signatures=2), ApprovalPolicy(signatures=1, signed=True)
    assert not two_names.covers(one_signature)
    assert not one_signature.covers(two_names)
    assert two_names.combined_with(one_signature) == ApprovalPolicy(signatures=2, signed=True)


def test_each_policy_says_what_it_requires() -> None:
    """The same words in mails, reasons and pages, for any number of people."""
    assert [
        ApprovalPolicy(signatures=n, signed=signed).in_words
        for n, signed in ((0, False), (1, False), (1, True), (2, False), (3, True))
    ] == [
        "nobody's approval",
        "one person's decision",
        "one signed decision",
        "decisions of 2 different people",
        "signed decisions of 3 different people",
    ]
    assert ApprovalPolicy(signatures=3, signed=True).progress(1) == "1 of 3 signatures"
    assert ApprovalPolicy(signatures=2).progress(1) == "1 of 2 approvals"
