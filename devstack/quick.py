"""What the demo shortens in the playbooks, so that nobody waits hours to see it; all else is as shipped."""

from typing import Any, Final

QUICK: Final = {"give_up_after": "10 seconds", "follow_up_after": "20 seconds"}
UNANSWERED: Final = "25 seconds"
"""How long a question waits where the script plays: one of the samples is never answered."""


def shorten(document: dict[str, Any], *, played: bool) -> None:
    """Shorten a playbook's waits; where the script plays the people's part (`played`), those for answers too."""
    policies = [*document.get("guardian", {}).get("actions", {}).values()]
    policies += [contact["policy"]] if "policy" in (contact := document.get("contact") or {}) else []
    for action in policies:
        action["give_up_after"] = QUICK["give_up_after"]
        if "follow_up_after" in action:
            action["follow_up_after"] = QUICK["follow_up_after"]
    if played and "missing_information" in document:
        document["missing_information"] |= {"reminders": [], "deadline": UNANSWERED}
