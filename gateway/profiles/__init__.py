"""The rule tables as versioned data, and the reading of them."""
