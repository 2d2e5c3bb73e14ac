"""The approvals inbox: pages for people who decide, and their sign-in. It needs no knowledge of Temporal.

It stores nothing important: the list is Temporal's visibility list, a page shows a request's own answer, and a
decision is one update or signal. Sessions are signed cookies. A restart loses the counters of failed sign-ins and
the list of signed-out sessions.
"""
