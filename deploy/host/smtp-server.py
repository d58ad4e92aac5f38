"""A mail server for tests: aiosmtpd, which keeps what it takes in a maildir and says its port.

    smtp-server.py MAILDIR [CERTIFICATE KEY]     with these: STARTTLS first, then the user "koza" with the password "let me in"

It refuses nobody@… for good, and later@… the first time.
"""

import logging
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult


class Handler(Mailbox):
    been_late = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 there is nobody of that name"
        if address.startswith("later@") and address not in self.been_late:
            self.been_late.add(address)
            return "451 4.7.1 come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"


class AnyPort(Controller):
    """On a port that the system chooses: before it is asked whether it answers, it has to know which."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def lets_in(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"koza", b"let me in"))


# Clients that hang up on a certificate are what some tests are about: their traces would hide a failure's in a long log.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
logging.getLogger("mail.debug").setLevel(logging.CRITICAL)

folder, *pem = sys.argv[1:]
options = dict(timeout=5)
if pem:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pem)
    options |= dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=lets_in)
controller = AnyPort(Handler(folder), hostname="127.0.0.1", port=0, **options)
controller.start()
print(controller.port, flush=True)
threading.Event().wait()
