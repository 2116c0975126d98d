"""The kinds of results: a frozen value for each, with its numbers, table, figure and JSON."""
