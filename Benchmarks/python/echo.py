# SPDX-License-Identifier: Apache-2.0
"""Echoes every byte: echo.py asyncio|uvloop streams|protocol PORT. With port 0, it prints the port."""
import asyncio

import measurement


async def echo(reader, writer):
    try:
        while data := await reader.read(256 * 1024):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main(words):
    style, port = words
    if style == "streams":
        server = await asyncio.start_server(echo, "127.0.0.1", int(port), backlog=4096)
    else:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", int(port), backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


measurement.run(main)
