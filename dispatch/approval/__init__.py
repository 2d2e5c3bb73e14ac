"""Pure rules of approvals: who may decide, what a decision must name, signatures and limits."""
