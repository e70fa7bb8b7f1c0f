"""What a coordinator does for a conference, and what each attendee is given of it."""

from gateway.flows.conferences.agenda import Agenda, Line, build_agenda, seal_agenda
from gateway.flows.conferences.ordering import follow_rules, lock, mark, move, show_agenda
from gateway.flows.conferences.planning import Listed, Planned, list_case, list_planned, plan

__all__ = [
    "Agenda",
    "Line",
    "Listed",
    "Planned",
    "build_agenda",
    "follow_rules",
    "list_case",
    "list_planned",
    "lock",
    "mark",
    "move",
    "plan",
    "seal_agenda",
    "show_agenda",
]
