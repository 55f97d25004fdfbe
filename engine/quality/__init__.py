"""How fit a face is for enrollment, and if not, why."""
