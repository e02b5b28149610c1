"""Tests of what those who run pipelines do."""
