"""The approvals inbox, for people who have never heard of Temporal; look here to change a page or how people sign in.

It holds nothing that matters: what waits is Temporal's visibility list, what a page shows is a request's own answer, and
a decision is one update or signal. Sessions are signed cookies. Killed and started again, only the counters of failed
sign-ins are lost.
"""
