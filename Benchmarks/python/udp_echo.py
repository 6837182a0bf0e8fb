# SPDX-License-Identifier: Apache-2.0
"""Echoes every datagram: udp_echo.py asyncio|uvloop PORT. With port 0, it prints the port."""
import asyncio

import measurement


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(data, peer)


async def main(words):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", int(words[0])))
    print(transport.get_extra_info("sockname")[1], flush=True)
    await loop.create_future()


measurement.run(main)
