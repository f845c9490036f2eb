"""The pyftpdlib peer: its asynchronous server, one account, transfers logged."""

import logging
import sys
import warnings

warnings.simplefilter("ignore")

from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402

port, content, user, password, log, certificate = sys.argv[1:]
logging.basicConfig(filename=log, level=logging.INFO)

accounts = DummyAuthorizer()
accounts.add_user(user, password, content, perm="elradfmwMT")
Handler = TLS_FTPHandler if certificate else FTPHandler
Handler.certfile = certificate
Handler.authorizer = accounts
Handler.timeout = 600
Handler.use_gmt_times = True

server = FTPServer(("127.0.0.1", int(port)), Handler, backlog=4096)
server.max_cons = 20000
server.max_cons_per_ip = 0
server.serve_forever(handle_exit=True)
