"""Measures the marketing desk: planted defects, and the noise of its rules on published copy."""
