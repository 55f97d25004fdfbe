"""Distances, fusion over templates, 1:1 and 1:N decisions, and what a distance means."""
