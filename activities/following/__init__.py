"""Long activities that follow what Temporal lists: for the audit store, and for webhooks."""
