"""People: approvers, decisions, notifications, limits."""
