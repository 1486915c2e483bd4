"""Examples, and every message an error can have."""
