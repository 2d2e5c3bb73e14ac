"""Generic roles: the engine's own specialists and reviewers, which a playbook declares under names of its own."""
