"""Qt item models over the gallery."""
