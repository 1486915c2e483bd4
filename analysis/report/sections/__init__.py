"""The sections of a report, one a file, each a function from what is known to markup."""
