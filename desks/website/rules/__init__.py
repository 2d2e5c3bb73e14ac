"""What the website desk decides without reading or changing anything outside."""
