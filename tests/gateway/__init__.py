"""Tests of the gateway, with the journals that they share."""
