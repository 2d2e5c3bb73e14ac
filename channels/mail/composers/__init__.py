"""Open set: one composer a file; each writes a draft and says what the action that delivers it is called with."""
