"""Commands and scripts: flags, tables in a terminal, files that are written."""
