"""Tables and pictures of runs, and of what is published; nothing here trains."""
