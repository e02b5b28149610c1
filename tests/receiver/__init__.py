"""Tests of the alert receiver, with the servers that they share."""
