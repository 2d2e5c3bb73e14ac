"""The command line's part for programs: their keys, and the webhooks that are sent to them."""
