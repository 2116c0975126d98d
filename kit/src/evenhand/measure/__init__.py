"""What takes time: statements, the workers in which they run, and how they are sampled."""
