"""Questions over many exported requests, and what-if runs of a changed playbook."""
