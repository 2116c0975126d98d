"""Estimates with intervals, the one decision function, claims, and sentences bound to verdicts."""
