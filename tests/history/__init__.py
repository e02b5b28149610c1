"""Tests of sources of history."""
