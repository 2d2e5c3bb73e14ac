"""One validated YAML file for each desk, and their loader."""
