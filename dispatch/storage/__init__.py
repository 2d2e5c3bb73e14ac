"""Files that this machine keeps: documents, keys, secrets, the approvers file."""
