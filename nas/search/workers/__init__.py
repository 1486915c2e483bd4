"""Where trials run: `inline` in this process, `tune` under Ray Tune; either asks a `Driver` what to do."""
