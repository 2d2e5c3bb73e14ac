"""A page as bytes, as source text and as words, each with where it stands in the other two."""
