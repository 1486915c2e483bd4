"""The claims of the papers as experiments: networks that differ in one part, trained alike, over several seeds.

claims   the claims, as data
plan     on which data and how long the networks of one are trained
run      their trainings
verdict  whether the claim is shown, and how surely
speed    the one claim that is about time and needs no training
"""
