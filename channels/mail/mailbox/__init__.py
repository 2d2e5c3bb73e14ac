"""Requests from IMAP mailboxes."""
