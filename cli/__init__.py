"""The command `dispatch`: reads what was typed, calls the functions, prints what came of it.

You need this room to add or change a command; `commands.py` lists them all.
"""
