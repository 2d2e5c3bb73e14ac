"""The work on a request: playbook, plan, findings, proposal, guard, execution, verification."""
