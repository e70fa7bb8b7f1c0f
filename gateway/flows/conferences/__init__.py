"""What a coordinator does for a conference, and what each attendee is given of it."""

from gateway.flows.conferences.agenda import Agenda, Line, build_agenda, seal_agenda
from gateway.flows.conferences.planning import Listed, list_case, plan

__all__ = ["Agenda", "Line", "Listed", "build_agenda", "list_case", "plan", "seal_agenda"]
