# Python's asyncio: protocols for streams and datagrams; readers and writers for sequenced packets, for which it has no
# protocol. The roles are those of support.mjs.
import argparse
import asyncio
import socket

arguments = argparse.ArgumentParser()
for option in ('role', 'transport', 'path'):
    arguments.add_argument(f'--{option}', required=True)
arguments.add_argument('--size', type=int, default=64)
arguments.add_argument('--mode')
asked = arguments.parse_args()
role, transport, path = asked.role, asked.transport, asked.path

INTERNET = transport in ('udp', 'tcp')
DATAGRAM = transport in ('udp', 'local-datagram')
TYPE = {
    'udp': socket.SOCK_DGRAM,
    'tcp': socket.SOCK_STREAM,
    'local-stream': socket.SOCK_STREAM,
    'local-datagram': socket.SOCK_DGRAM,
    'seqpacket': socket.SOCK_SEQPACKET,
}[transport]
BURST = 64
block = b'a' * asked.size


class Sender:
    """Sends as fast as its transport takes it."""

    def __init__(self, write):
        self.write = write
        self.paused = False

    def turn(self):
        for _ in range(BURST):
            if self.paused:
                return
            self.write(block)
        asyncio.get_running_loop().call_soon(self.turn)

    def resume(self):
        self.paused = False
        self.turn()


class Datagrams(asyncio.DatagramProtocol):
    received = 0
    sender = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        if role == 'echo':
            self.transport.sendto(data, address)
        elif role == 'source':
            self.sender = Sender(lambda data: self.transport.sendto(data, address))
            self.sender.turn()
        elif len(data) == 1:
            self.transport.sendto(str(self.received).encode(), address)
        else:
            self.received += 1

    def pause_writing(self):
        self.sender.paused = True

    def resume_writing(self):
        self.sender.resume()


class Stream(asyncio.Protocol):
    received = 0
    sender = None

    def connection_made(self, transport):
        self.transport = transport
        if role in ('accept', 'idle'):
            transport.write(b'x')
        if role == 'accept':
            transport.close()

    def data_received(self, data):
        if role == 'echo':
            self.transport.write(data)
        elif role == 'sink':
            self.received += len(data)
        elif role == 'source':
            self.sender = Sender(self.transport.write)
            self.sender.turn()
        else:
            self.transport.write(b'x')

    def eof_received(self):
        if role == 'sink':
            self.transport.write(str(self.received).encode())

    def pause_writing(self):
        self.sender.paused = True

    def resume_writing(self):
        self.sender.resume()


class Packets:
    received = 0

    def __init__(self, loop, connection):
        self.loop, self.connection = loop, connection
        if role in ('accept', 'idle'):
            connection.send(b'x')
        if role == 'accept':
            connection.close()
        else:
            loop.add_reader(connection, self.read)

    def read(self):
        data = self.connection.recv(65536)
        if not data:
            self.loop.remove_reader(self.connection)
            self.connection.close()
        elif role == 'echo':
            self.connection.send(data)
        elif role == 'source':
            self.loop.add_writer(self.connection, self.write)
        elif role == 'idle':
            self.connection.send(b'x')
        elif len(data) == 1:
            self.connection.send(str(self.received).encode())
        else:
            self.received += 1

    def write(self):
        try:
            for _ in range(BURST):
                self.connection.send(block)
        except BlockingIOError:
            pass


def accept_packets(loop, server):
    connection, _ = server.accept()
    connection.setblocking(False)
    Packets(loop, connection)


async def main():
    loop = asyncio.get_running_loop()
    server = socket.socket(socket.AF_INET if INTERNET else socket.AF_UNIX, TYPE)
    server.setblocking(False)
    server.bind(('127.0.0.1', 0) if INTERNET else path)
    if transport == 'seqpacket':
        server.listen(511)
        loop.add_reader(server, accept_packets, loop, server)
    elif DATAGRAM:
        await loop.create_datagram_endpoint(Datagrams, sock=server)
    elif INTERNET:
        await loop.create_server(Stream, sock=server, backlog=511)
    else:
        await loop.create_unix_server(Stream, sock=server, backlog=511)
    print('listening', server.getsockname()[1] if INTERNET else path, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
