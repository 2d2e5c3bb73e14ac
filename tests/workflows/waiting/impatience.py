"""How the desks of these tests lose their patience."""

from typing import Any


def impatient(playbook: dict[str, Any]) -> None:
    """Remind after one second, turn to the next after two, and give up after three."""
    waiting = playbook["guardian"]["tiers"]["medium"]["waiting"]
    waiting |= {"reminders": ["1 second"], "escalate_after": "2 seconds", "deadline": "3 seconds"}
    playbook["missing_information"] |= {"reminders": ["1 second"], "deadline": "2 seconds"}
    playbook["escalation"] |= {"reminders": [], "escalate_after": "1 second", "deadline": "2 seconds"}
