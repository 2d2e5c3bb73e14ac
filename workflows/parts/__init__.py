"""What the workflows are made of: waits, approvals, effects, the talk with the requester, the record."""
