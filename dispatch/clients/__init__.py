"""Outside systems, each behind one small client."""
