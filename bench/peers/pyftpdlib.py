"""The pyftpdlib peer: its asynchronous server, one account, transfers logged."""

import logging
import sys
import warnings

warnings.simplefilter("ignore")

from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402

port, content, user, password, log = sys.argv[1:]
logging.basicConfig(filename=log, level=logging.INFO)

accounts = DummyAuthorizer()
accounts.add_user(user, password, content, perm="elradfmwMT")
FTPHandler.authorizer = accounts
FTPHandler.timeout = 600
FTPHandler.use_gmt_times = True

server = FTPServer(("127.0.0.1", int(port)), FTPHandler, backlog=4096)
server.max_cons = 20000
server.max_cons_per_ip = 0
server.serve_forever(handle_exit=True)
