"""What is wrong with a page, each check by itself; what a change made worse is told from what was there before."""
