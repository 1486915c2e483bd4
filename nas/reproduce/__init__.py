"""Reproducing a paper: what is counted, what a training gives here, and what of that may be compared.

structure  our counts beside the published ones
plan       on which data, by which recipe, how long
verdict    ours against published, and what the published number would need
"""
