"""The language: what a network is, what a space is, and every interpreter that needs no torch."""
