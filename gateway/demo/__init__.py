"""The demonstration: plays invented cases through the client against the real service."""
