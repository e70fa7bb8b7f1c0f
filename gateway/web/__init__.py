"""The door for people. Until they can sign in, it holds the documentation alone."""
