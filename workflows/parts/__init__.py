"""The parts of the workflows: waits, approvals, effects, the dialog with the requester, the trail."""
