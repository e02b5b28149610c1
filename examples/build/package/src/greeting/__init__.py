"""A package with nothing in it but this line, to be built."""
