"""The descriptions of dashboards and alerts: TOML files, read all at once and held against the registry."""

from .descriptions import Descriptions, read_descriptions
from .reading import read_part, toml_files

__all__ = ("Descriptions", "read_descriptions", "read_part", "toml_files")
