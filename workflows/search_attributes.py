"""The search attributes that each request and follow-up writes for lists; Temporal's dev server gets them at its start."""

from typing import Final

from temporalio.common import SearchAttributeKey

DESK: Final = SearchAttributeKey.for_keyword("Desk")
STATE: Final = SearchAttributeKey.for_keyword("RequestState")
OWNER: Final = SearchAttributeKey.for_keyword("NextOwner")
REVIEW_POINT: Final = SearchAttributeKey.for_datetime("ReviewPoint")
PRIORITY: Final = SearchAttributeKey.for_int("RequestPriority")
