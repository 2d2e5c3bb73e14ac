"""The marketing desk: a brief and draft copy come in, copy that follows the brand goes out."""
