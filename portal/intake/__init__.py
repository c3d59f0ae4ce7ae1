"""The face for victims."""
