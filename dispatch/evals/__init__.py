"""Measuring how well a desk and its roles decide labelled cases, as pure rules."""
