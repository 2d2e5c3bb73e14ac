"""The website desk: changes pages of a site in words, checks them and publishes them."""
