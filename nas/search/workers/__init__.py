"""Where trials run: `inline` in this process, `tune` under Ray, here or on a `cluster`; each asks a `Driver`."""
