"""What a coordinator does for a conference, and what each attendee is given of it."""

from gateway.flows.conferences.actions import Proposal, Proposed, propose, settle, take_in
from gateway.flows.conferences.agenda import Agenda, Line, build_agenda, seal_agenda
from gateway.flows.conferences.declaring import Declaring, admit, apologise, show_declaration, sign
from gateway.flows.conferences.extracts import Given, extracts_of, read_extracts
from gateway.flows.conferences.flags import Flag, list_flags, take_off
from gateway.flows.conferences.hearing import (
    close_case,
    defer_case,
    enter_room,
    leave_room,
    open_case,
    run_hearing,
)
from gateway.flows.conferences.inviting import Invitation, invite
from gateway.flows.conferences.minuting import (
    Saved,
    list_paragraphs,
    save_paragraph,
    send_out,
)
from gateway.flows.conferences.offers import Offer, offers_of, put_down
from gateway.flows.conferences.ordering import (
    are_apart,
    bring_together,
    follow_rules,
    lock,
    mark,
    move,
    place,
    show_agenda,
)
from gateway.flows.conferences.packing import (
    Order,
    Pack,
    build_pack,
    list_without_software,
    note_pack,
    order_pack,
)
from gateway.flows.conferences.papers import Papers, take_agenda, take_request
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
from gateway.flows.conferences.reading import Extract, correct_minute, read_minutes
from gateway.flows.conferences.research import (
    Own,
    Request,
    list_research,
    read_own,
    show_own,
)
from gateway.flows.conferences.returning import return_research
from gateway.flows.conferences.room import (
    Hearing,
    Room,
    begin_meeting,
    end_meeting,
    show_hearing,
    show_room,
)
from gateway.flows.conferences.settling import settle_sent

__all__ = [
    "Agenda",
    "Declaring",
    "Extract",
    "Flag",
    "Given",
    "Hearing",
    "Invitation",
    "Line",
    "Listed",
    "Offer",
    "Order",
    "Own",
    "Pack",
    "Papers",
    "Plan",
    "Planned",
    "Proposal",
    "Proposed",
    "Request",
    "Room",
    "Saved",
    "Sent",
    "Task",
    "admit",
    "apologise",
    "are_apart",
    "begin_meeting",
    "bring_together",
    "build_agenda",
    "build_pack",
    "close_case",
    "close_plan",
    "correct_minute",
    "defer_case",
    "end_meeting",
    "enter_room",
    "extracts_of",
    "follow_rules",
    "invite",
    "leave_room",
    "list_case",
    "list_flags",
    "list_paragraphs",
    "list_planned",
    "list_research",
    "list_tasks",
    "list_without_software",
    "lock",
    "mark",
    "move",
    "note_pack",
    "offers_of",
    "open_case",
    "order_pack",
    "place",
    "plan",
    "propose",
    "put_down",
    "read_extracts",
    "read_minutes",
    "read_own",
    "return_research",
    "run_hearing",
    "save_paragraph",
    "seal_actions",
    "seal_agenda",
    "send_out",
    "send_plan",
    "settle",
    "settle_sent",
    "show_actions",
    "show_agenda",
    "show_declaration",
    "show_hearing",
    "show_own",
    "show_room",
    "sign",
    "take_agenda",
    "take_in",
    "take_off",
    "take_request",
]
