"""Starts MiniStack on a Unix socket: `python serve_ministack.py SOCKET`.

MiniStack's own program listens on a TCP port, and any web page on this machine can find the port by trying. This script does
what that program does in the foreground (`main` of ministack/app.py 1.5.33), but on a socket that only its owner can open.
"""

import asyncio
import resource
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import LOG_LEVEL, app

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

config = Config()
config.bind = [f"unix:{sys.argv[1]}"]
config.umask = 0o077
config.keep_alive_timeout = 75
config.loglevel = LOG_LEVEL.upper()
asyncio.run(serve(app, config))
