"""Learning an embedding: data check, split, losses, the loop, checkpoints, promotion."""
