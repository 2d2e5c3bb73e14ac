"""Pure orchestration: the fixed process, as Temporal workflows."""
