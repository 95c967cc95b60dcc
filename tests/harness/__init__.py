"""Starts and stops everything the tests need: real servers, a fault-injecting proxy, the agent itself.

Every server runs as a plain process on a free loopback port with its data in a temporary directory,
is stopped by its pid, and dies with the process that started it.
"""
