"""What an operator does with the gateway's own keys; each act stands in the access log."""

from gateway.flows.keeping.recording import record_key, record_listing

__all__ = ["record_key", "record_listing"]
