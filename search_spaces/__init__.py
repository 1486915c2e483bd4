"""Building blocks, published networks and search spaces, all in the language of `nas.arch`."""
