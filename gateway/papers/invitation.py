"""Owns the calendar entry of a meeting (RFC 5545): a time, and nothing that says what it is for.

Calendars are seen by colleagues, by assistants, and on locked screens. So it has no name, no area,
no place, no word of a conference, and no end that tells how many cases there are.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from gateway.flows.conferences.inviting import Invitation

SUMMARY = "Meeting"
MEDIA_TYPE = "text/calendar"
_MAKER = "-//Calendar//EN"


def calendar(found: Invitation) -> bytes:
    """Return the entry with its time zone, private to whoever imports it; its UID tells nothing."""
    import icalendar  # late: only who asks for it waits

    zone = ZoneInfo(found.zone)
    event = icalendar.Event()
    event.add("uid", found.uid)
    event.add("dtstamp", found.made_at)
    event.add("dtstart", found.starts_at.astimezone(zone))
    event.add("dtend", found.ends_at.astimezone(zone))
    event.add("summary", SUMMARY)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    whole = icalendar.Calendar()
    whole.add("prodid", _MAKER)
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add_component(event)
    # The rules of the zone for this year and the next; the library would give those since 1970.
    year = event.start.year
    whole.add_missing_timezones(first_date=date(year, 1, 1), last_date=date(year + 1, 12, 31))
    return bytes(whole.to_ical())


def file_name(starts_at: datetime, zone: str) -> str:
    """A name that says a day and no more."""
    return f"meeting-{starts_at.astimezone(ZoneInfo(zone)).date().isoformat()}.ics"
