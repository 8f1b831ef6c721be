"""The console and the REST API: server-rendered pages that keep themselves true, and JSON for programs."""

from __future__ import annotations

from monitor.web.app import create_app
from monitor.web.console import Options
from monitor.web.serving import Listen, bind, serve
from monitor.web.users import Role, User

__all__ = ["Listen", "Options", "Role", "User", "bind", "create_app", "serve"]
