# SPDX-License-Identifier: Apache-2.0
"""Descriptors and sockets that the program brings: add_reader, sock_recv and related calls."""
import asyncio
import os
import socket

from harness import pair, rest, settle


async def removing_says_whether_there_was_one(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    log(f"before: {loop.remove_reader(near)} {loop.remove_writer(near)}")
    loop.add_reader(near, log, "read")
    log(f"writer: {loop.remove_writer(near)}")
    log(f"reader: {loop.remove_reader(near)}")
    log(f"again: {loop.remove_reader(near)}")
    far.send(b"x")
    await settle()
    log("over")


async def adding_a_reader_again_replaces_it(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    loop.add_reader(near, lambda: log(f"first {near.recv(10).decode()}"))
    loop.add_reader(near, lambda: log(f"second {near.recv(10).decode()}"))
    far.send(b"x")
    await settle()
    log(f"{loop.remove_reader(near)} {loop.remove_reader(near)}")


async def a_reader_is_called_while_there_is_something_to_read(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    loop.add_reader(near, lambda: log(f"read {near.recv(1).decode()}"))
    far.send(b"abc")
    await settle()
    far.send(b"d")
    await settle()
    loop.remove_reader(near)
    far.send(b"e")
    await settle()


async def a_reader_hears_of_the_end(log):
    loop = asyncio.get_running_loop()
    near, far = pair()

    def reader():
        log(f"read {len(near.recv(10))} bytes")
        loop.remove_reader(near)

    loop.add_reader(near, reader)
    far.shutdown(socket.SHUT_WR)
    await settle()


async def a_reader_and_a_writer_share_a_descriptor(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    far.send(b"x")

    def reader():
        log(f"reader {near.recv(10).decode()}")

    def writer():
        log("writer")
        loop.remove_writer(near)

    loop.add_reader(near, reader)
    loop.add_writer(near, writer)
    await settle()
    far.send(b"y")
    await settle()
    log(f"{loop.remove_reader(near)} {loop.remove_writer(near)}")


async def a_reader_that_replaces_itself(log):
    loop = asyncio.get_running_loop()
    near, far = pair()

    def first():
        log(f"first {near.recv(1).decode()}")
        loop.add_reader(near, second)

    def second():
        log(f"second {near.recv(1).decode()}")
        loop.remove_reader(near)

    loop.add_reader(near, first)
    far.send(b"abc")
    await settle()


async def a_file_cannot_be_watched(log):
    loop = asyncio.get_running_loop()
    file = os.open("/proc/self/exe", os.O_RDONLY)
    try:
        loop.add_reader(file, log, "read")
    except PermissionError:
        log("EPERM")
    os.close(file)
    try:
        loop.add_reader(file, log, "read")
    except OSError:
        log("EBADF")


async def a_socket_receives_what_is_there_and_what_comes(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    far.send(b"there")
    log((await loop.sock_recv(near, 3)).decode())
    log((await loop.sock_recv(near, 3)).decode())
    task = asyncio.create_task(loop.sock_recv(near, 10))
    await rest()
    far.send(b"later")
    log((await task).decode())
    far.close()
    log(f"{len(await loop.sock_recv(near, 10))} bytes")


async def a_cancelled_receive_loses_nothing(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    task = asyncio.create_task(loop.sock_recv(near, 10))
    await rest()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        log("cancelled")
    far.send(b"kept")
    log((await loop.sock_recv(near, 10)).decode())
    log(f"{loop.remove_reader(near)}")


async def a_listening_socket_accepts(log):
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    task = asyncio.create_task(loop.sock_accept(listener))
    await rest()
    client = socket.socket()
    client.setblocking(False)
    await loop.sock_connect(client, listener.getsockname())
    accepted, peer = await task
    log(f"{peer[0]} {accepted.gettimeout()}")
    await loop.sock_sendall(client, b"ping")
    log((await loop.sock_recv(accepted, 10)).decode())


async def a_file_is_sent(log):
    loop = asyncio.get_running_loop()
    near, far = pair()
    with open("/proc/self/exe", "rb") as file:
        log(f"sent {await loop.sock_sendfile(near, file, 1, 3)}")
        log(f"position {file.tell()}")
    log(f"received {(await loop.sock_recv(far, 10)).decode()}")
