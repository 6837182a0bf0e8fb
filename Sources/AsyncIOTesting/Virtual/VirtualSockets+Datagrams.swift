// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore
import Glibc

extension VirtualSockets {
  package func openDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [SocketOption]
  ) throws -> Int32 {
    do throws(VirtualErrno) {
      return try network.openDatagrams(at: local, connectedTo: peer, options: options)
    } catch {
      let operation = error.code == EMFILE ? "socket" : local == nil ? "connect" : "bind"
      let object = (local ?? peer)?.description ?? ""
      throw SystemError(operation, object, code: SystemError.Code(rawValue: error.code))
    }
  }

  package func send(datagram bytes: UnsafeRawBufferPointer, to peer: SocketAddress?, from descriptor: Int32) -> Int {
    network.sendDatagram(Array(bytes), to: peer, from: descriptor, now: now)
  }

  package func send(
    datagrams: UnsafeBufferPointer<DatagramEntry>, of bytes: UnsafeRawBufferPointer, segmenting: Bool,
    from descriptor: Int32
  ) -> Int {
    for (index, entry) in datagrams.enumerated() {
      let payload = UnsafeRawBufferPointer(rebasing: bytes[entry.offset..<entry.offset + entry.length])
      let result = send(datagram: payload, to: entry.peer, from: descriptor)
      if result < 0 { return index > 0 ? index : result }
    }
    return datagrams.count
  }
}
