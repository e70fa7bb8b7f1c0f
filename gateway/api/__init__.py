"""The door for machines: OAuth, the guard, and one thin view per flow."""
