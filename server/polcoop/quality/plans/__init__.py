"""Shapes compiled once into quick tests, so that pySHACL need only look where something may be wrong."""
