"""What a coordinator does for a conference, and what each attendee is given of it."""

from gateway.flows.conferences.actions import Proposal, Proposed, propose, settle, take_in
from gateway.flows.conferences.agenda import Agenda, Line, build_agenda, seal_agenda
from gateway.flows.conferences.ordering import follow_rules, lock, mark, move, show_agenda
from gateway.flows.conferences.planning import Listed, Planned, list_case, list_planned, plan
from gateway.flows.conferences.plans import (
    Plan,
    Sent,
    Task,
    close_plan,
    list_tasks,
    seal_actions,
    send_plan,
    show_actions,
)

__all__ = [
    "Agenda",
    "Line",
    "Listed",
    "Plan",
    "Planned",
    "Proposal",
    "Proposed",
    "Sent",
    "Task",
    "build_agenda",
    "close_plan",
    "follow_rules",
    "list_case",
    "list_planned",
    "list_tasks",
    "lock",
    "mark",
    "move",
    "plan",
    "propose",
    "seal_actions",
    "seal_agenda",
    "send_plan",
    "settle",
    "show_actions",
    "show_agenda",
    "take_in",
]
