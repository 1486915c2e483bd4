"""Where trials run: `inline` in this process, `tune` under Ray Tune. Either begins, watches and ends them by a `Driver`."""
