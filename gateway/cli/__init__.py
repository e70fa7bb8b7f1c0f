"""The door for operators: one command, `gateway`, whose acts are themselves in the log."""
