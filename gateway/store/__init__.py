"""All SQL. Functions take a Session, return frozen values, and see sealed content as bytes."""
