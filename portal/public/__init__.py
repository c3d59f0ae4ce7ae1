"""The face for everybody."""
