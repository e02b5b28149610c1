"""What those who run pipelines do: each part has a door of its own, and loads no other."""

__all__ = ()
