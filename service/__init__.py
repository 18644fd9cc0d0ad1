"""The Serene wellbeing API."""
