"""A web server for the site of the desk `website`: it serves the folder that the desk publishes into, on the loopback.

Run as `python -m devstack.website [--faults]`; address and folder come from the settings. A folder that is not there is
filled with the sample site of `site/`: a small shop for tea things, Larkspur, with what real sites have wrong.
"""
