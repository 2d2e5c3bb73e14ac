"""Actions that playbooks declare: one call of a declared system, guarded, verified and undone as any other action."""
