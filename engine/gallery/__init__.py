"""People and their templates, kept on this machine."""
