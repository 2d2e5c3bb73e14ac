"""Sentences of the engine for people, by language."""
