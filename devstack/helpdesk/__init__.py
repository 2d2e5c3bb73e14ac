"""The systems of an IT department on one machine: people, access, hardware, outages, as ticket systems offer them.

Run as `python -m devstack.helpdesk`; address, keys and data folder come from the settings. The sample data is in
seed.json, outages dated relative to the start: the employee `jbrandt` may have the Wiki and the CRM, `tvoss` has left,
`rkaya` is a contractor whom Payroll refuses, a Render Station costs more than any tier of the desk allows.
"""
