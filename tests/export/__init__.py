"""Tests of the export room, with the servers and records that they share."""
