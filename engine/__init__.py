"""The face engine: pictures in, decisions out. Knows nothing of Qt."""
