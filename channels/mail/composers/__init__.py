"""Open set: one composer a file; each writes a draft and the parameters of the action that delivers it."""
