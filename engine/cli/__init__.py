"""The command line: the same service as the window, headless."""
