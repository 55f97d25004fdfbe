"""Measuring honestly: rates with intervals, protocols, verifiers side by side, reports."""
