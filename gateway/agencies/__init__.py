"""Who is calling: agencies, their keys and scopes, workers, proofs used once. Knows no web."""
