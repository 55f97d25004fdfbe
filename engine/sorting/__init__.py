"""Sorting a folder of photographs: finding every face, grouping them, and giving groups to people."""
