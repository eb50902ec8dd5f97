"""Builders of small, complete inputs that several test packages share."""
