"""What a caller can do: one function each, taking a Work and returning a frozen result."""
