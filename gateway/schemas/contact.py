"""Owns the plaintext of the sealed sections: seen by a client and its recipients, never here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import AddressClass, ContactChannel, YesNoUnknown
from gateway.schemas.fields import Code, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people_codes import Weekday
from gateway.schemas.places import IN_THE_CLEAR, PROTECTED, Address, Landlord, not_before
from gateway.schemas.shapes import Base64Url, ClockTime, Date, PersonRef, Timestamp


class SafeWindow(Form):
    """Days and times at which contact is safe; local time of the victim."""

    days = ListOf(Code(Weekday), 1, 7, unique=True)
    from_time = ClockTime()
    to_time = ClockTime()

    @staticmethod
    def _forwards(data: dict[str, Any]) -> Iterator[Fault]:
        if data["to_time"] <= data["from_time"]:
            yield "out_of_range", ("to_time",)

    rules = (_forwards,)


class CodeWord(Form):
    """A word that proves who speaks: its digest and a hint, never the word."""

    hash = Pattern(r"[0-9a-f]{64}", says="SHA-256 of the word in lower case")
    hint = Text(200)


class Channel(Form):
    """One way to reach the victim. UNKNOWN means no to every reader."""

    channel = Code(ContactChannel)
    value = Text(200, required=False, says="Number, address or place")
    safe_to_call = Code(YesNoUnknown)
    safe_to_leave_voicemail = Code(YesNoUnknown)
    safe_to_text = Code(YesNoUnknown)
    safe_to_email = Code(YesNoUnknown)
    safe_for_letter = Code(YesNoUnknown)
    safe_windows = ListOf(Part(SafeWindow), 0, 20)
    code_word = Part(CodeWord, required=False)
    say_you_are = Text(200, required=False, says="Cover story")
    withheld_number_ok = Code(YesNoUnknown)
    who_may_answer = ListOf(Text(200), 0, 10, required=False)
    perpetrator_has_access = Code(YesNoUnknown, says="Shared device, account or location")
    device_monitored_suspected = Code(YesNoUnknown)
    verified_by = Text(200, required=False)
    verified_at = Timestamp(required=False)
    review_by = Date(required=False, says="A client sets 14 days if left out")
    contact_only_by = Text(200, required=False, says="Such as the adviser's service")


class SafeContact(Form):
    """safe_contact: how, when and by whom the victim can be reached safely."""

    channels = ListOf(Part(Channel), 1, 20)
    notes = Text(1000, lines=True, required=False)
    salt = Base64Url(16, required=False, says="Added by the client when it seals")


class FormerAddress(Address):
    """A former address that the perpetrator does not know."""

    from_on = Date(required=False)
    to_on = Date(required=False)
    rules = (not_before("from_on", "to_on"),)


class OthersAddress(Form):
    """A protected address of somebody else in the document, such as a child."""

    ref = PersonRef()
    address = Part(Address)


class ProtectedAddress(Form):
    """protected_address: where the victim is, if the perpetrator does not know."""

    classification = Code(
        AddressClass, among=(*PROTECTED, *IN_THE_CLEAR), says="As in the document"
    )
    address = Part(Address)
    organisation = Text(200, required=False, says="Such as the refuge's provider")
    po_box = Text(100, required=False)
    landlord = Part(Landlord, required=False)
    previous_addresses = ListOf(Part(FormerAddress), 0, 20, required=False)
    others = ListOf(Part(OthersAddress), 0, 20, unique="ref", required=False)
    notes = Text(1000, lines=True, required=False)
    salt = Base64Url(16, required=False, says="Added by the client when it seals")
