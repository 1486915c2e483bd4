"""The tests of `nas`: laws on generated networks and spaces, units, published numbers, real small training."""
