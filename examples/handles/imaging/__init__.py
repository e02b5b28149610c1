"""A program that records with typed handles."""
