"""The loans desk with a declared lookup and a declared action on the ticket system: who may use the shed."""

import copy
from typing import Any, Final

from tests.roles.ticket_api import READ_KEY, WRITE_KEY, Tickets
from tests.roles.yaml_desk import playbook

SYSTEMS: Final[dict[str, Any]] = {
    "tickets": {
        "kind": "http",
        "base_url_variable": "DISPATCH_TICKETS_URL",
        "key_variable": "DISPATCH_TICKETS_KEY",
        "acting_key_variable": "DISPATCH_TICKETS_WRITE_KEY",
        "timeout_seconds": 1,
        "max_bytes": 100_000,
    }
}
GRANT: Final[dict[str, Any]] = {
    "title": "Access",
    "system": "tickets",
    "parameters": {
        "account": {"pattern": "[a-z0-9-]{1,20}"},
        "place": {"type": "choice", "choices": ["shed", "kiln"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 30},
    },
    "request": {
        "path": "/grants",
        "body": {"account": "{account}", "place": "{place}", "days": "{days}", "note": "for {account}"},
        "expected": [201],
    },
    "effect_id": "/id",
    "checks": [
        {
            "get": {"path": "/accounts/{account}"},
            "equals": {"/email": "requester.address"},
            "otherwise": "the account is not the requester's own",
        }
    ],
    "read_back": {
        "get": {"path": "/grants", "query": {"key": "{key}"}},
        "at": "/data",
        "effect_id": "/id",
        "equals": {"/account": "account", "/place": "place", "/days": "days"},
        "holds": {"/state": "active"},
    },
    "compensation": {
        "request": {"method": "DELETE", "path": "/grants/{effect_id}", "expected": [204]},
        "undone": {"/state": "revoked"},
    },
}
FIND: Final[dict[str, Any]] = {
    "system": "tickets",
    "read": {"get": {"path": "/accounts", "query": {"email": "{address}"}}},
    "values": {"address": {"requester": "address"}},
    "at": "/data",
    "facts": {"account": "/id"},
    "evidence": "account {account} has the requester's address",
    "recommend": [
        {
            "action": "grant_access",
            "parameters": {
                "account": {"fact": "account"},
                "place": {"field": "place"},
                "days": {"value": 7},
            },
            "why": "the member asked for access",
        }
    ],
}


def access_playbook(tier: str = "low") -> dict[str, Any]:
    """Return the playbook; the action is done without a person at tier low."""
    content = playbook()
    content["intents"]["borrow"] |= {"specialists": ["find_account"], "requires": ["place"]}
    content["fields"] = {
        "place": {"question": "Which place?", "pattern": r"\b(?:shed|kiln)\b", "example": "shed"}
    }
    content["specialists"] = {"find_account": {"role": "lookup", "config": copy.deepcopy(FIND)}}
    content["plan"]["groups"] = [["find_account"]]
    content["actions"] = {"grant_access": {"http_call": copy.deepcopy(GRANT)}}
    content["guardian"]["actions"]["grant_access"] = {
        "tier": tier,
        "editable": ["days", "place"],
        "compensable": True,
        "give_up_after": "5 seconds",
    }
    content["deliver"] = None
    content["contact"] |= {
        "compose": "letter",
        "config": {
            "greeting": "Dear {name},",
            "greeting_without_name": "Hello,",
            "closing": "Kind regards",
            "signature": "The tool shed",
        },
    }
    content["routing_rules"] = [
        {
            "name": "unknown_member",
            "when": {"specialist": "find_account", "status": "nothing"},
            "do": "escalate",
            "why": "nobody with this address is a member",
        }
    ]
    return content


def environment(tickets: Tickets) -> dict[str, str]:
    """Return the variables of the ticket system."""
    return {
        "DISPATCH_TICKETS_URL": tickets.url,
        "DISPATCH_TICKETS_KEY": READ_KEY,
        "DISPATCH_TICKETS_WRITE_KEY": WRITE_KEY,
    }
