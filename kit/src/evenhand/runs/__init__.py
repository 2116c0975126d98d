"""A run and what it is kept with: its folder, archive, machine, packages and configuration."""
