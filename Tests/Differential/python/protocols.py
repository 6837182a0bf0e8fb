# SPDX-License-Identifier: Apache-2.0
"""Transports and protocols: which methods are called, in which order."""
import asyncio
import os
import socket

from harness import Failure, describe, pair, settle


class Recorder(asyncio.Protocol):
    def __init__(self, log, **actions):
        self.log = log
        self.actions = actions
        self.transport = None

    def act(self, name, *arguments):
        return self.actions.get(name, lambda *_: None)(*arguments)

    def connection_made(self, transport):
        self.transport = transport
        self.log("made")
        self.act("made", transport)

    def data_received(self, data):
        self.log(f"data {data.decode()}")
        self.act("received", self.transport)

    def eof_received(self):
        self.log("eof")
        return self.act("ended", self.transport)

    def connection_lost(self, error):
        self.log(f"lost {describe(error) if error else None}")

    def pause_writing(self):
        self.log("pause")

    def resume_writing(self):
        self.log("resume")
        self.act("resumed", self.transport)


async def _connected(log, **actions):
    """A protocol on one socket, and the peer's socket."""
    near, far = pair()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_accepted_socket(lambda: Recorder(log, **actions), near)
    return transport, protocol, far


async def callbacks_come_in_their_order(log):
    transport, protocol, far = await _connected(log)
    log("connected")
    far.send(b"one")
    await settle()
    far.send(b"two")
    await settle()
    far.shutdown(socket.SHUT_WR)
    await settle()
    log(f"{transport.is_closing()}")


async def a_server_and_a_client(log):
    loop = asyncio.get_running_loop()
    servers, clients = [], []
    server = await loop.create_server(
        lambda: Recorder(servers.append, received=lambda transport: transport.write(b"answer")), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, protocol = await loop.create_connection(
        lambda: Recorder(clients.append, received=lambda transport: transport.close()), "127.0.0.1", port)
    log(f"{protocol.transport is transport}")
    transport.write(b"question")
    await settle()
    server.close()
    for line in ["server", *servers, "client", *clients]:
        log(line)


async def an_end_that_is_answered(log):
    def ended(transport):
        transport.write(b"still here")
        return True

    transport, protocol, far = await _connected(log, ended=ended)
    far.shutdown(socket.SHUT_WR)
    await settle()
    log(f"{far.recv(20).decode()} {transport.is_closing()}")
    transport.close()
    await settle()


async def closing_is_told_in_a_later_turn(log):
    transport, protocol, far = await _connected(log)
    transport.close()
    log(f"closing {transport.is_closing()}")
    transport.close()
    await settle()


async def aborting_is_no_error(log):
    transport, protocol, far = await _connected(log)
    transport.abort()
    log("aborted")
    transport.abort()
    await settle()


async def what_is_written_after_the_close_is_dropped(log):
    transport, protocol, far = await _connected(log)
    transport.write(b"before")
    transport.close()
    transport.write(b"after")
    await settle()
    log(far.recv(20).decode())


async def an_error_of_the_protocol_loses_the_connection(log):
    def received(transport):
        raise Failure("a mistake")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: log("reported"))
    transport, protocol, far = await _connected(log, received=received)
    far.send(b"x")
    await settle()


async def what_is_there_when_reading_is_paused_comes_later(log):
    transport, protocol, far = await _connected(log)
    log(f"reading {transport.is_reading()}")
    transport.pause_reading()
    transport.pause_reading()
    log(f"reading {transport.is_reading()}")
    far.send(b"one")
    await settle()
    far.send(b"two")
    far.shutdown(socket.SHUT_WR)
    await settle()
    log("resuming")
    transport.resume_reading()
    transport.resume_reading()
    await settle()


async def the_limits_of_the_write_buffer(log):
    transport, protocol, far = await _connected(log)
    log(f"{transport.get_write_buffer_limits()}")
    for limits in [dict(high=1000), dict(low=1000), dict(high=0), dict(high=50, low=50), dict()]:
        transport.set_write_buffer_limits(**limits)
        log(f"{transport.get_write_buffer_limits()}")
    transport.close()
    await settle()


async def writing_is_paused_and_resumed(log):
    transport, protocol, far = await _connected(
        log, resumed=lambda transport: log(f"low {transport.get_write_buffer_size() <= 1000}"))
    transport.set_write_buffer_limits(high=50_000, low=1000)
    transport.write(bytes(2_000_000))
    log(f"high {transport.get_write_buffer_size() > 50_000}")
    transport.write(bytes(10))
    log("wrote more")
    received = 0
    while received < 2_000_010:
        try:
            received += len(far.recv(100_000))
        except BlockingIOError:
            await settle()
    await settle()
    log(f"left {transport.get_write_buffer_size()}")
    transport.close()
    await settle()


async def a_full_buffer_is_sent_before_the_close(log):
    transport, protocol, far = await _connected(log)
    transport.write(bytes(2_000_000))
    transport.close()
    log("closed")
    received = 0
    while True:
        try:
            data = far.recv(100_000)
        except BlockingIOError:
            await settle()
            continue
        if not data:
            break
        received += len(data)
    await settle()
    log(f"{received}")


async def an_end_of_the_output_leaves_the_input(log):
    transport, protocol, far = await _connected(log)
    transport.write(b"last words")
    transport.write_eof()
    transport.write_eof()
    await settle()
    log(f"{far.recv(20).decode()}, {len(far.recv(20))} bytes")
    far.send(b"heard")
    await settle()
    log(f"{transport.is_closing()}")
    transport.close()
    await settle()


async def a_protocol_is_switched(log):
    second = Recorder(lambda line: log(f"second: {line}"))
    transport, protocol, far = await _connected(log, received=lambda transport: transport.set_protocol(second))
    far.send(b"one")
    await settle()
    log(f"{transport.get_protocol() is second}")
    far.send(b"two")
    await settle()
    far.close()
    await settle()


class Buffered(asyncio.BufferedProtocol):
    def __init__(self, log):
        self.log = log
        self.buffer = bytearray(4)

    def connection_made(self, transport):
        self.log("made")

    def get_buffer(self, sizehint):
        self.log("get_buffer")
        return self.buffer

    def buffer_updated(self, count):
        self.log(f"updated {self.buffer[:count].decode()}")

    def eof_received(self):
        self.log("eof")

    def connection_lost(self, error):
        self.log(f"lost {error}")


async def a_protocol_lends_its_memory(log):
    near, far = pair()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: Buffered(log), near)
    far.send(b"abc")
    await settle()
    far.send(b"defgh")
    await settle()
    far.shutdown(socket.SHUT_WR)
    await settle()


async def the_reading_end_of_a_pipe(log):
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    transport, protocol = await loop.connect_read_pipe(lambda: Recorder(log), os.fdopen(reading, "rb", 0))
    os.write(writing, b"hello")
    await settle()
    os.close(writing)
    await settle()
    log(f"{transport.is_closing()}")


async def the_writing_end_of_a_pipe(log):
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    transport, protocol = await loop.connect_write_pipe(lambda: Recorder(log), os.fdopen(writing, "wb", 0))
    transport.write(b"hello")
    await settle()
    log(os.read(reading, 100).decode())
    transport.write_eof()
    await settle()
    log(f"{len(os.read(reading, 100))} bytes")
    os.close(reading)


async def a_pipe_whose_reader_leaves(log):
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    transport, protocol = await loop.connect_write_pipe(lambda: Recorder(log), os.fdopen(writing, "wb", 0))
    os.close(reading)
    await settle()
    log(f"{transport.is_closing()}")


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, log, name, reply=None):
        self.log = log
        self.name = name
        self.reply = reply

    def connection_made(self, transport):
        self.transport = transport
        self.log(f"{self.name}: made")

    def datagram_received(self, data, address):
        self.log(f"{self.name}: {data.decode()}")
        if self.reply:
            self.transport.sendto(self.reply, address)

    def error_received(self, error):
        self.log(f"{self.name}: {type(error).__name__}")

    def connection_lost(self, error):
        self.log(f"{self.name}: lost {error}")


async def datagrams_come_in_their_order(log):
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(
        lambda: Datagrams(log, "server", b"answer"), local_addr=("127.0.0.1", 0))
    client, _ = await loop.create_datagram_endpoint(
        lambda: Datagrams(log, "client"), remote_addr=server.get_extra_info("sockname"))
    for text in [b"one", b"two"]:
        client.sendto(text)
        await settle()
    client.close()
    client.sendto(b"dropped")
    log(f"closing {client.is_closing()}")
    await settle()
    server.abort()
    await settle()


async def a_refused_datagram_is_an_error(log):
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    client, _ = await loop.create_datagram_endpoint(lambda: Datagrams(log, "client"), remote_addr=address)
    client.sendto(b"anybody there?")
    await settle()
    log(f"closing {client.is_closing()}")
    client.close()
    await settle()


async def a_refused_connection_makes_no_protocol(log):
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    try:
        await loop.create_connection(lambda: log("factory"), "127.0.0.1", port)
    except ConnectionRefusedError:
        log("refused")
