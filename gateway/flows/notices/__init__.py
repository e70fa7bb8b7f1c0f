"""That nobody is missed: who is told that something waits, and who, that nobody has looked."""

from gateway.flows.notices.contacts import Silence, set_contact, silent_since
from gateway.flows.notices.rounds import Round, Rounds
from gateway.flows.notices.sending import Letter, Send

__all__ = ["Letter", "Round", "Rounds", "Send", "Silence", "set_contact", "silent_since"]
