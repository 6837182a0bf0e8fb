# SPDX-License-Identifier: Apache-2.0
# The echo server of asyncio's documentation, for comparison with Echo.swift.
import asyncio
import sys


async def handle_echo(reader, writer):
    peer = writer.get_extra_info("peername")
    print(f"{peer[0]} has come", flush=True)
    while data := await reader.readline():
        writer.write(data)
        await writer.drain()
    print(f"{peer[0]} has gone", flush=True)
    writer.close()
    await writer.wait_closed()


async def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8888
    server = await asyncio.start_server(handle_echo, "127.0.0.1", port)
    address = server.sockets[0].getsockname()
    print(f"serving on {address[0]}:{address[1]}", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
