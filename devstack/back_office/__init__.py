"""A system of record on one machine: customers, orders, payments and refunds, as a customer's own would offer them.

Run as `python -m devstack.back_office`; address, keys and data folder come from the settings. The sample data is in
seed.json, dated relative to the start: DD-10001 (49.90 EUR) and DD-10003 (12.00) can be refunded, DD-10004 is too old,
DD-10005 final sale, DD-10006 partly and DD-10007 wholly refunded, DD-10008 in transit, DD-10009 late, DD-10012 refused by
the payment provider, DD-10014 is 2,400 EUR, DD-10022 in yen, and so on: docs/sample-data.md has the whole table.
"""
