"""``python -m sandbox``: start the sandbox. The first line it prints is ``{"port": N}``, when it is ready."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import signal
import sys

from aiohttp import web

from .server import make_app
from .world import AutotaskLimits, Limits, World, XeroLimits

IPV6_LOOPBACK = "::1"


def main() -> None:
    """Read the options, serve until stopped."""
    options = _options()
    limits = Limits(
        xero=XeroLimits(
            minute=options.xero_minute,
            day=options.xero_day,
            concurrent=options.xero_concurrent,
            app_minute=options.xero_app_minute,
        ),
        autotask=AutotaskLimits(hour=options.autotask_hour, threads=options.autotask_threads),
    )
    world = World(limits, latency_seconds=options.latency / 1000)
    asyncio.run(serve(world, options.host, options.port, until_stdin_closes=options.until_stdin_closes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A stand-in Autotask and a stand-in Xero on one port."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds added to each answer of a partner")
    parser.add_argument("--xero-minute", type=int, default=XeroLimits.minute)
    parser.add_argument("--xero-day", type=int, default=XeroLimits.day)
    parser.add_argument("--xero-concurrent", type=int, default=XeroLimits.concurrent)
    parser.add_argument("--xero-app-minute", type=int, default=XeroLimits.app_minute)
    parser.add_argument("--autotask-hour", type=int, default=AutotaskLimits.hour)
    parser.add_argument("--autotask-threads", type=int, default=AutotaskLimits.threads)
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="stop when standard input ends: no orphan is left behind"
    )
    return parser.parse_args()


async def serve(world: World, host: str, port: int, *, until_stdin_closes: bool) -> None:
    """Serve until SIGTERM, SIGINT or, where asked for, the end of standard input."""
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1" if host == "localhost" else host, port)
    await site.start()
    bound = runner.addresses[0][1]
    if host == "localhost":
        await _also_on_ipv6(runner, bound)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if until_stdin_closes:
        loop.add_reader(sys.stdin, stop.set)
    sys.stdout.write(json.dumps({"port": bound}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


async def _also_on_ipv6(runner: web.AppRunner, port: int) -> None:
    """``localhost`` is often ::1 first; a machine without IPv6 does without."""
    try:
        await web.TCPSite(runner, IPV6_LOOPBACK, port).start()
    except OSError as refused:
        if refused.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EADDRINUSE):
            raise


if __name__ == "__main__":
    main()
