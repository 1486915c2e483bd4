"""Search: what to try, with what is left of the budget, on which worker.

run         one search from request to front, begun or resumed
plan        a request in terms of this machine and its data; `comparison` that of a list of networks
driver      begins, watches and ends trials; knows neither strategy nor workers
proposer    what the strategy asks for, less what is known or does not fit
ladder      the trials that rest at rungs; `rungs` which of them go on, and what is expected of them
retold      what samplers are told of these, as a storage of Optuna's
roster      what is on a list, whatever comes of it
named       the named networks that a search begins with
limits      what a network must not exceed
strategies  Optuna samplers; `looks` what they are told before training
judge       what objectives come to
objectives  what is made large or small, and the front
own         an objective in a person's file
budget      how much may be spent; `ledger` what is; `forecast` what a trial will
length      how long a trial trains; `calibrate` how fast the machine is
tally       the trials that have ended; `progress` how far a search is
standings   networks that were trained several times: the front of their means, and ties
agreement   how far measures before training rank networks as training does
finals      what of a search is trained again, and for how long
status      the same from the record alone
stop        Ctrl-C
trial       what a worker does with one network
workers     where trials run: in this process, or under Ray Tune
events      what the caller is told while it goes on
"""

from nas.search.budget import Budget as Budget
from nas.search.objectives import OBJECTIVES as OBJECTIVES
from nas.search.objectives import front as front
from nas.search.strategies import STRATEGIES as STRATEGIES
from nas.search.strategies import sampler as sampler
