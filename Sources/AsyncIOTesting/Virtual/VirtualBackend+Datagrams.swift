// SPDX-License-Identifier: Apache-2.0
// Datagram sockets in memory, with the results that a kernel would give.

package import AsyncIOCore
import Glibc

extension VirtualBackend {
  package func openDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [DatagramOption]
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

  package func set(_ option: DatagramOption, of descriptor: Int32, _ family: SocketAddress.Family) -> Int32 {
    -network.set(option, of: descriptor)
  }

  func receiveDatagrams(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let id = record.pointee.id
    withUnsafeTemporaryAllocation(byteCount: DatagramFrame.longest, alignment: 16) { memory in
      while let record = loop.operations.record(id), record.pointee.state == .submitted {
        switch network.receiveDatagram(from: record.pointee.descriptor) {
        case .nothing: return
        case .failed(let code): loop.complete(record, Completion(result: -code, isLast: false))
        case .datagram(let datagram, let control):
          let count = DatagramFrame.write(datagram.bytes, from: datagram.source, control, into: memory)
          let frame = UnsafeRawBufferPointer(rebasing: memory[..<count])
          loop.complete(record, Completion(result: Int32(count), bytes: frame, isLast: false))
        }
      }
    }
  }
}
