"""Stands in for the systems that posts, mailings, ads and landing pages are published with, on one machine.

Run as `python -m devstack.marketing`; address, keys and data folder come from the settings. Each publication is made once for its
idempotency key and can be taken down again. What each channel takes is in seed.json.
"""
