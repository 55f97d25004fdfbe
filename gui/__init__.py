"""The window. Knows the engine's values, errors and settings; two doors lead further in (docs/architecture.md)."""
