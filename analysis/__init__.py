"""Tables, plots and reports of runs; nothing here trains."""
