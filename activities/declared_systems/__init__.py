"""Connections to the systems that desks declare in `systems.yaml`: HTTP, SQL and MCP."""
