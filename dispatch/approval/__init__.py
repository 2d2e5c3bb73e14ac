"""Pure rules of approvals: who may decide, the contents of a decision, signatures and limits."""
