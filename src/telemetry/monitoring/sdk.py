"""Grafana's Foundation SDK, loaded before it is used, and without its warnings."""

from __future__ import annotations

import warnings


def load_sdk() -> None:
    """Import the SDK's dashboards; call it before anything else imports from it.

    Its modules warn whoever imports them that there is a second version of the format. We write the first one, and a
    user of ours can do nothing about the warning.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.builders import dashboard, dashboardv2beta1
        from grafana_foundation_sdk.cog.plugins import register_default_plugins

        del dashboard, dashboardv2beta1
        register_default_plugins()
