"""The command line: flags, tables in a terminal, and output files."""
