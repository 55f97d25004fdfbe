"""Faces followed from frame to frame: where they are, who they are, and when to look again."""
