"""One frozen value for each kind of result: its numbers, table, figure and JSON."""
