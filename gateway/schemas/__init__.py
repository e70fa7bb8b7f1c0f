"""The published standard on the wire: codes, forms, problems, and their JSON Schema."""
