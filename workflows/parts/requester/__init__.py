"""The dialog with the requester: questions, answers, additions and notices."""
