"""The command `dispatch`: parses the arguments, calls the functions, prints the result.

Add or change commands here; `commands.py` lists them all.
"""
