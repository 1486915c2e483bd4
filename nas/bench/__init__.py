"""Strategies compared on tables of networks that others have trained: minutes in place of GPU-years.

table   what a table holds of a network
play    one strategy on a table, and how close it comes to the best
"""

from nas.bench.play import Arena as Arena
from nas.bench.play import Play as Play
from nas.bench.play import play as play
from nas.bench.table import Table as Table
from nas.bench.table import read as read
