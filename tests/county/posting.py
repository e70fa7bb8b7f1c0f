"""The notices that agencies are sent: taken by a real mail server, read and judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller

from gateway.cli.mail import Sender
from gateway.config import Mail
from gateway.flows import notices
from gateway.flows.notices import Rounds
from gateway.profiles.loader import Profiles
from gateway.schemas.codes import Contact
from tests.county.driving import County
from tests.county.looking import Looker
from tests.county.owners import Asker, Family, knows
from tests.host.running import a_port
from tests.journeys.test_notices import Post

QUIET = 11  # minutes after which an agency is told again


class Mailboxes:
    """Whoever reads the post of each agency."""

    def __init__(self, county: County, post: Post, port: int) -> None:
        self.county, self.post, world = county, post, county.world
        with world.operator() as work:
            for agency in county.kinds:
                address = f"duty@{agency}.example"
                notices.set_contact(work, agency_id=agency, contact=Contact.DUTY, address=address)
        mail = Mail("127.0.0.1", port, is_tls=False, sender="gateway@marac.example")
        self._rounds = Rounds(
            world.sessions,
            lambda _: world.keys,
            Profiles.load(),
            lambda: world.clock,
            Sender(mail, "https://gateway.example"),
        )

    def look(self) -> list[tuple[str, str]]:
        """Let the worker look once, some minutes later; agency and text of what it sent."""
        self.county.world.sequence()
        self.county.world.later(minutes=QUIET)
        self.post.taken.clear()
        self._rounds.look()
        return [
            (to.removeprefix("duty@").removesuffix(".example"), text)
            for to, _, text in self.post.taken
        ]

    def judge(self, looker: Looker, fresh: Iterable[Family] | None = None) -> None:
        """Judge what is sent now; with `fresh` families, also that anybody is told at all.

        Whoever knew of nothing else new may not be told because of a case that it cannot know.
        """
        families = None if fresh is None else list(fresh)
        for agency, text in self.look():
            reader = Asker(agency, self.county.kinds[agency])
            looker.score.asked += 1
            looker.judge(reader, "notice", text)
            for family in families or ():
                if not any(knows(each, reader) for each in families or ()):
                    looker.found(family, "EXISTS", reader, "notice")


@contextmanager
def mailboxes(county: County) -> Iterator[Mailboxes]:
    """A mail server of its own, with a mailbox for the duty of each agency."""
    post, port = Post(), a_port()
    server = Controller(post, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield Mailboxes(county, post, port)
    finally:
        server.stop()
