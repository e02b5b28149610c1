"""What those who run pipelines do with contracts: compare revisions, and see what is covered."""

from .revisions import registry_of, registry_of_revision

__all__ = ("registry_of", "registry_of_revision")
