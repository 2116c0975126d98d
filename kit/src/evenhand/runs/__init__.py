"""Runs: their folders, archives, machines, packages and configuration."""
