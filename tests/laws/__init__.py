"""What holds for every network and every space: one family of laws a file."""
