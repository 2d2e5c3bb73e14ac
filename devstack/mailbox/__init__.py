"""An IMAP server on this machine, from the package pymap: a mailbox for the demo and for tests."""
