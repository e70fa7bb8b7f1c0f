"""Nobody is missed: notices by a real mail server, and the ladder of what nobody has read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.cli.mail import Sender
from gateway.config import Mail
from gateway.errors import Invalid, NotFound
from gateway.flows import conferences
from gateway.flows import notices as flow
from gateway.flows.notices import Round, Rounds
from gateway.profiles.loader import Profiles
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionAct, ActionTheme
from gateway.schemas.codes import Contact
from gateway.store import tables as t
from tests.host.running import a_port
from tests.journeys import acting
from tests.journeys.world import World, example, graded

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
DUTY, LEAD = "duty@idva.example", "lead@idva.example"
OFFICE, CHAIR = "office@marac.example", "chair@marac.example"
AWAY = "duty@fenhollow.example"
HOMES, HOMES_LEAD = "duty@homes.example", "lead@homes.example"
STEERING = "steering@marac.example"
CONTACTS = (
    (IDVA, Contact.DUTY, DUTY),
    (IDVA, Contact.LEAD, LEAD),
    (COORDINATOR, Contact.DUTY, OFFICE),
    (COORDINATOR, Contact.CHAIR, CHAIR),
    ("fenhollow-idva", Contact.DUTY, AWAY),
    ("fenhollow-marac", Contact.DUTY, AWAY),
)
NEW, UNREAD = "You have a new item", "An item is waiting for you"


@dataclass
class Post:
    """A mail server that keeps what it takes; or takes nothing, while it is full."""

    taken: list[tuple[str, str, str]] = field(default_factory=list)  # to, subject, all of it
    is_full: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.is_full:
            return "452 no room"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        subject = str(message_from_bytes(content)["Subject"])
        self.taken += [(to, subject, content.decode()) for to in envelope.rcpt_tos]
        return "250 OK"

    def read(self) -> list[tuple[str, str]]:
        """To whom, and about what, since the last time; in the order of addresses."""
        found, self.taken = self.taken, []
        return sorted((to, subject) for to, subject, _ in found)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Post, int]]:
    post = Post()
    port = a_port()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield post, port
    finally:
        controller.stop()


@pytest.fixture
def post(server: tuple[Post, int]) -> Post:
    server[0].taken.clear()
    server[0].is_full = False
    return server[0]


def worker(world: World, server: tuple[Post, int]) -> Rounds:
    with world.operator() as work:
        for agency_id, contact, address in CONTACTS:
            flow.set_contact(work, agency_id=agency_id, contact=contact, address=address)
    mail = Mail("127.0.0.1", server[1], is_tls=False, sender="gateway@marac.example")
    send = Sender(mail, "https://gateway.example")
    clock = lambda: world.clock  # noqa: E731
    return Rounds(world.sessions, lambda _: world.keys, Profiles.load(), clock, send)


def until(world: World, moment: str) -> None:
    """Let time pass until a moment in UTC, which is London's in November."""
    later = type(world.now).fromisoformat(f"{moment}+00:00") - world.now
    world.later(seconds=later.total_seconds())


def refer(world: World, **changes: Any) -> str:
    reference = world.client(LANDLORD).refer(graded(20, **changes)).reference
    world.sequence()
    return reference


def climbed(world: World) -> list[tuple[str, str]]:
    return [(each["facts"]["rung"], each["t"]) for each in world.log(event="notice.climbed")]


def test_F22_M19_a_referral_of_friday_evening_climbs_while_nobody_reads_it(
    world: World, server: tuple[Post, int], post: Post
) -> None:
    rounds = worker(world, server)
    until(world, "2026-11-27T17:05:00")
    reference = refer(world)
    assert rounds.look() == Round(0, 2)
    assert post.read() == [(DUTY, NEW), (OFFICE, NEW)]
    for moment, told in (
        ("2026-11-27T23:00:00", []),
        ("2026-11-30T09:59:00", []),
        ("2026-11-30T10:00:30", [(DUTY, UNREAD)]),
        ("2026-11-30T11:00:30", [(LEAD, UNREAD)]),
        ("2026-11-30T12:00:30", [(OFFICE, UNREAD)]),
        ("2026-11-30T13:00:30", [(CHAIR, UNREAD)]),
        ("2026-12-07T13:00:30", []),
    ):
        until(world, moment)
        for _ in range(2):  # the second look finds nothing to do
            rounds.look()
        assert (moment, post.read()) == (moment, told)
    assert [rung for rung, _ in climbed(world)] == ["WORKER", "LEAD", "COORDINATOR", "CHAIR"]
    assert {row["sending"] for row in world.rows(t.notice)} == {"SENT"}
    assert {each["case"] for each in world.log(event="notice.settled")} == {
        world.case_of(reference)
    }


def test_F22_imminent_danger_climbs_within_the_hour_at_night(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    until(world, "2026-11-28T02:00:00")
    refer(world, referral__danger="IMMINENT_LIFE")
    rounds.look()
    post.read()
    for told in (DUTY, LEAD, OFFICE, CHAIR):
        world.later(minutes=14, seconds=59)
        rounds.look()
        assert post.read() == []
        world.later(seconds=1)
        rounds.look()
        assert post.read() == [(told, UNREAD)]


@pytest.mark.parametrize("by", ["pull", "acknowledge", "not high", "returned"])
def test_F22_what_was_read_or_is_no_high_risk_climbs_no_further(
    sqlite_world: World, server: tuple[Post, int], post: Post, by: str
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    form = graded(3, victim__position="GIVEN") if by == "not high" else graded(20)
    reference = world.client(LANDLORD).refer(form).reference
    if by == "pull":
        world.client(IDVA).pull(reference, "P2")
    elif by == "acknowledge":
        world.client(IDVA).acknowledge(reference, "ACCEPTED")
    elif by == "returned":
        world.client(COORDINATOR).decide(
            reference, {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]}
        )
    world.later(days=3)
    rounds.look()
    assert climbed(world) == []


def test_F22_what_is_read_while_a_notice_waits_is_not_told(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    reference = refer(world)
    world.later(hours=1)
    post.is_full = True
    assert rounds.look() == Round(1, 0, 3)
    world.client(IDVA).pull(reference, "P2")
    world.later(minutes=1)
    post.is_full = False
    rounds.look()
    assert (DUTY, UNREAD) not in post.read()
    assert [row["sending"] for row in world.rows(t.notice)] == ["NOT_NEEDED"]


def test_F95_what_the_mail_server_does_not_take_is_tried_again(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    refer(world)
    world.later(hours=1)
    post.is_full = True
    assert rounds.look() == Round(1, 0, 3)
    assert rounds.look() == Round(0, 0, 0), "not again at once"
    post.is_full = False
    world.later(minutes=1)
    assert rounds.look() == Round(0, 3)
    assert post.read() == [(DUTY, UNREAD), (DUTY, NEW), (OFFICE, NEW)]


def test_F95_T08_V4_a_notice_says_nothing_of_a_case_and_reaches_its_own_area_alone(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    world.sequence()
    world.later(hours=30)
    rounds.look()
    assert {to for to, _, _ in post.taken} == {DUTY, LEAD, OFFICE, CHAIR}, (
        "V25: nobody of Fenhollow"
    )
    words = {word for _, _, text in post.taken for word in text.replace("/", " ").split()}
    for secret in (reference, IDVA, COORDINATOR, LANDLORD, *texts(example("c1")["document"])):
        assert secret not in words
    for _, _, text in post.taken:
        body = text.partition("\r\n\r\n")[2]
        assert body.splitlines()[-1] == "Sign in: https://gateway.example/desk"
        assert "marac" not in body.lower()


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each))


def test_F95_an_agency_is_told_once_in_ten_minutes(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    refer(world)
    rounds.look()
    refer(world)
    world.later(minutes=9)
    rounds.look()
    assert post.read() == [(DUTY, NEW), (OFFICE, NEW)]
    world.later(minutes=1)
    rounds.look()
    assert post.read() == [(DUTY, NEW), (OFFICE, NEW)]


def test_F95_whoever_is_behind_the_wall_is_told_of_nothing(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    """The duty's mailbox is read by a worker who is close to her: not even a hint."""
    world, rounds = sqlite_world, worker(sqlite_world, server)
    form = example("c1")
    victim = form["document"]["victim"]
    names = ("given_names", "family_name", "dob_precision")
    herself = {name: victim[name] for name in names} | {"dob": victim["dob"]["value"]}
    close = {"people": [{"closeness": "SELF", **herself}]}
    world.client(IDVA, "idva-01").walls.declare(close)
    world.client(LANDLORD).refer(form)
    world.sequence()
    world.later(hours=30)
    rounds.look()
    assert {to for to, _, _ in post.taken} == {OFFICE, CHAIR}
    settled = {row["rung"]: row["sending"] for row in world.rows(t.notice)}
    assert settled == {"WORKER": "WALLED", "LEAD": "WALLED", "COORDINATOR": "SENT", "CHAIR": "SENT"}


def test_V23_two_workers_at_once_tell_each_thing_once(
    world: World, server: tuple[Post, int], post: Post
) -> None:
    refer(world)
    world.later(hours=2)
    workers = [worker(world, server) for _ in range(3)]
    faults: list[BaseException] = []

    def look(rounds: Rounds) -> None:
        with contextlib.suppress(Exception):
            rounds.look()

    threads = [threading.Thread(target=look, args=(each,)) for each in workers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    workers[0].look()
    world.later(minutes=3)  # a lease that somebody left runs out
    workers[0].look()
    assert not faults
    assert post.read() == [(DUTY, UNREAD), (DUTY, NEW), (LEAD, UNREAD), (OFFICE, NEW)]
    assert [rung for rung, _ in climbed(world)] == ["WORKER", "LEAD"]


def test_F22_without_a_mailbox_the_next_rung_is_told_all_the_same(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    world.execute("DELETE FROM contact WHERE address = :address", address=LEAD)
    refer(world)
    world.later(hours=3)
    rounds.look()
    assert [to for to, subject in post.read() if subject == UNREAD] == [DUTY, OFFICE]
    assert {row["sending"] for row in world.rows(t.notice)} == {"SENT", "NO_CONTACT"}


def test_without_a_mail_server_the_ladder_is_climbed_and_waits(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    refer(world)
    world.later(hours=1)
    silent = Rounds(world.sessions, rounds.keys_at, rounds.profiles, rounds.clock, None)
    assert silent.look() == Round(1)
    assert rounds.look() == Round(0, 3)


def test_a_contact_is_an_address_of_an_agency_that_is_there(sqlite_world: World) -> None:
    for agency_id, address, fault in (
        ("nobody", DUTY, NotFound),
        (IDVA, "no address", Invalid),
        (IDVA, "a@b.example\nBcc: c@d.example", Invalid),
    ):
        with pytest.raises(fault), sqlite_world.operator() as work:
            flow.set_contact(work, agency_id=agency_id, contact=Contact.DUTY, address=address)
    assert sqlite_world.rows(t.contact) == []


def test_the_worker_leaves_word_that_it_looks(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    rounds.look()
    looked_at = world.now
    world.later(minutes=4)
    assert world.rows(t.beat)[0]["at"] == looked_at
    assert world.now - looked_at < timedelta(minutes=5)


OVERDUE_LADDER = (
    ("2026-12-08T16:59:00", []),
    ("2026-12-08T17:00:00", [HOMES, HOMES_LEAD]),
    ("2026-12-14T17:00:00", [CHAIR]),
    ("2026-12-17T09:30:00", [OFFICE]),
    ("2027-01-07T17:00:00", [STEERING]),
    ("2027-02-07T17:00:00", []),
)


@pytest.mark.parametrize("until_done", [False, True])
def test_F93_F95_an_overdue_action_climbs_each_rung_once(
    world: World, server: tuple[Post, int], post: Post, until_done: bool
) -> None:
    rounds = worker(world, server)
    with world.operator() as work:
        for agency_id, contact, address in (
            (LANDLORD, Contact.DUTY, HOMES),
            (LANDLORD, Contact.LEAD, HOMES_LEAD),
            (COORDINATOR, Contact.STEERING, STEERING),
        ):
            flow.set_contact(work, agency_id=agency_id, contact=contact, address=address)
    ref = acting.listed(world, acting.a_conference(world, at="2026-12-17T09:30:00Z"))
    world.client(IDVA).acknowledge(ref, "ACCEPTED")  # nobody is told that it is unread
    known = str(references.read(ref))
    with acting.doing(world, COORDINATOR) as work:
        number = conferences.propose(
            work, known, conferences.Proposal(ActionTheme.TARGET_HARDEN, "Fit a lock.", LANDLORD)
        ).number
    (row,) = world.rows(t.action)
    assert row["due_at"].isoformat() == "2026-12-07T17:00:00+00:00"
    if until_done:  # the day before the chair would be told
        until(world, "2026-12-11T12:00:00")
        with acting.doing(world, LANDLORD) as work:
            conferences.settle(work, known, number, ActionAct.ACCEPT)
            conferences.settle(work, known, number, ActionAct.COMPLETE, note="Done.")
    for moment, told in OVERDUE_LADDER:
        if until_done and moment < "2026-12-11":
            continue
        until(world, moment)
        for _ in range(2):  # the second look finds nothing to do
            rounds.look()
        got = [to for to, subject in post.read() if subject == UNREAD]
        assert (moment, got) == (moment, [] if until_done else told)
    climbed = [each["facts"]["rung"] for each in world.log(event="action.overdue")]
    assert climbed == ([] if until_done else ["OWNER", "LEAD", "CHAIR", "AGENDA", "STEERING"])
    assert {row["sending"] for row in world.rows(t.action_notice)} == (
        set() if until_done else {"SENT"}
    )


def test_V25_no_other_county_and_nobody_behind_the_wall_is_told_of_an_overdue_action(
    sqlite_world: World, server: tuple[Post, int], post: Post
) -> None:
    world, rounds = sqlite_world, worker(sqlite_world, server)
    ref = acting.listed(world, acting.a_conference(world))
    with acting.doing(world, COORDINATOR) as work:
        new = conferences.Proposal(ActionTheme.SAFETY_PLAN, "Ring her.", IDVA)
        conferences.propose(work, str(references.read(ref)), new)
    world.client(IDVA).acknowledge(ref, "ACCEPTED")
    world.client(COORDINATOR, "marac-01").walls.settle(
        ref, "EXCLUDE", IDVA, "idva-01", reason="She is a sister."
    )
    world.later(days=60)
    rounds.look()
    to = {to for to, subject in post.read() if subject == UNREAD}
    assert to == {CHAIR, OFFICE}, "the mailbox of the service is read by everybody in it"
    sendings = {row["rung"]: str(row["sending"]) for row in world.rows(t.action_notice)}
    assert sendings == {
        "OWNER": "WALLED",
        "LEAD": "WALLED",
        "CHAIR": "SENT",
        "AGENDA": "SENT",
        "STEERING": "NO_CONTACT",
    }


def test_F22_an_offer_that_another_area_does_not_answer_climbs_there_and_then_here(
    world: World, server: tuple[Post, int], post: Post
) -> None:
    rounds = worker(world, server)
    reference = refer(world)
    world.client(IDVA).pull(reference, "P2")  # read here; the offer is not
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    offer = {"act": "TRANSFER", "reason": "MOVED_FOR_GOOD", "area": "FENHOLLOW"}
    world.client(COORDINATOR).move(reference, offer)
    world.sequence()
    rounds.look()
    assert (AWAY, NEW) in post.read()
    for moment, told in (
        ("2026-11-25T16:59:00", []),
        ("2026-11-25T17:00:30", [(AWAY, UNREAD)]),
        ("2026-11-27T17:00:30", []),  # nobody leads there: nobody is told, and it is logged
        ("2026-12-01T17:00:30", [(OFFICE, UNREAD)]),
        ("2026-12-03T17:00:30", [(CHAIR, UNREAD)]),
    ):
        until(world, moment)
        rounds.look()
        assert (moment, post.read()) == (moment, told)
    rungs = {
        (e["facts"]["unread_by"], e["facts"]["rung"]) for e in world.log(event="notice.climbed")
    }
    assert rungs == {
        ("fenhollow-marac", each) for each in ("WORKER", "LEAD", "COORDINATOR", "CHAIR")
    }
    taken = world.client("fenhollow-marac").move(reference, {"act": "RECEIVE"})["reference"]
    assert taken != reference
    until(world, "2026-12-07T17:00:30")
    rounds.look()
    assert (CHAIR, UNREAD) not in post.read()
