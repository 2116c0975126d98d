"""Measuring: statements, the workers that run them, and how they are sampled."""
