"""All activities: the engine's roles, the generic roles, and discovery of specialists, reviewers and actions."""
