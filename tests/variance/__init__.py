"""Tests of variance."""
