"""Measures the three jobs of the gateway against their floor, in one run."""
