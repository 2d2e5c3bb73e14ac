"""Requests over HTTP: the JSON form, the routes, and who may call them."""
