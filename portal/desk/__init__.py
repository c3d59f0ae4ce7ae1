"""The face for case workers."""
