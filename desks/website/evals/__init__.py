"""How well the desk's checks find what is wrong: planted defects, and the rules over pages of any site."""
