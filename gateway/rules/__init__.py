"""All decisions, pure: facts in, a decision with its reason out."""
