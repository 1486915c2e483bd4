"""What a run leaves behind: `runs/NAME/` with what was asked, the study of its trials, weights, environment and log.

request      what was asked, `run.json`
folder       the folder of a run: made, opened, listed
lock         one search in a run at a time
files        files that appear whole or not at all
asked        the folder of what is no search: its plan and its answer
environment  versions and devices, `environment.json`
storage      the database of the study, by its URL
journal      the Optuna study, as a search writes it
trial        one trial, as it is read back
repeats      networks that were trained several times
frame        all trials as a table
"""

from nas.runs.folder import Run as Run
from nas.runs.folder import create as create
from nas.runs.folder import open_run as open_run
from nas.runs.folder import runs as runs
from nas.runs.frame import frame as frame
from nas.runs.request import Request as Request
from nas.runs.trial import Trial as Trial
