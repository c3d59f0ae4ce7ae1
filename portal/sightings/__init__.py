"""What we found: sources, observations, sightings, assessments, alerts."""
