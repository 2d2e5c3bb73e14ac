"""The trail as a report and in sentences."""
