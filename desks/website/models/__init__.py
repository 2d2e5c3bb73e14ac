"""The website desk's contracts: changes, what was found of pages, and the action that publishes one."""
