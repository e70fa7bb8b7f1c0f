"""Documents for people, made from frozen results: nothing is asked for and nothing is decided."""
