"""One request: its submission, its status, and the data of its page and its row."""
