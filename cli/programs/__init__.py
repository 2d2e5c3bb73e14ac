"""Commands for programs that call the desk: their keys, and the webhooks that are sent to them."""
