"""Collection: what scrapes, receives, stores and passes on, written from `collection.toml`."""

from .files import collection_files

__all__ = ("collection_files",)
