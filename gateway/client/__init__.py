"""The SDK for agencies: seals, signs and reads; carries no part of the server."""

from gateway.client.access import ProblemError
from gateway.client.config import AgencyKeys, Config
from gateway.client.gateway import Gateway, Pulled, Receipt
from gateway.client.http import Response, Sender
from gateway.client.own import Omitted
from gateway.client.witness import Disproved, Forked, Witness

__all__ = [
    "AgencyKeys",
    "Config",
    "Disproved",
    "Forked",
    "Gateway",
    "Omitted",
    "ProblemError",
    "Pulled",
    "Receipt",
    "Response",
    "Sender",
    "Witness",
]
