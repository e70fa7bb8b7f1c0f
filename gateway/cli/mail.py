"""Owns the mail that the gateway sends: neutral words, nothing of a case, no agency's name.

Whoever sees a screen that lights up learns that there is something to look at, and no more.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate

from gateway.config import Mail
from gateway.errors import Unavailable
from gateway.flows.notices import Letter

SECONDS = 20.0  # that a mail server is waited for
WORDS: Mapping[Letter, tuple[str, str]] = {
    Letter.NEW: ("You have a new item", "There is something new for you."),
    Letter.UNREAD: ("An item is waiting for you", "Something waits that nobody has opened yet."),
}


class Sender:
    """Sends notices through one mail server."""

    def __init__(self, mail: Mail, base_url: str) -> None:
        self._mail, self._base_url = mail, base_url

    def __call__(self, address: str, letter: Letter) -> None:
        """Send one notice.

        :raises Unavailable: if the server did not take it.
        """
        try:
            with self._connected() as server:
                if self._mail.user:
                    server.login(self._mail.user, self._mail.password())
                server.send_message(self._written(address, letter))
        except (OSError, smtplib.SMTPException):
            raise Unavailable("The mail server did not take a notice.") from None

    def _written(self, address: str, letter: Letter) -> EmailMessage:
        subject, text = WORDS[letter]
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, self._mail.sender, address
        message["Date"] = formatdate(usegmt=True)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer from a machine, please
        message.set_content(f"{text}\n\nSign in: {self._base_url}/desk\n")
        return message

    def _connected(self) -> smtplib.SMTP:
        mail, context = self._mail, ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if mail.is_tls:
            return smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=context)
        server = smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
        if not mail.is_here:
            server.starttls(context=context)
        return server
