"""Proof by killing: what arrives of what was recorded, when processes die and everything around them fails.

`python -m tests.soak` runs it all and prints tables; `tests/kills` runs a little of each in CI. A child records as fast
as it can and says what it did through `truth`, which does not depend on anything that is under test; whoever started
it kills it, reads what is left as a user would, and holds the two against each other.
"""
