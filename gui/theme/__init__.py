"""Colours, spacing, type and icons: the only place where a colour or a pixel is named."""
