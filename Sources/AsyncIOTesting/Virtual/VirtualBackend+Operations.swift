// SPDX-License-Identifier: Apache-2.0
// Operations over a network that knows readiness. Each is tried when it is submitted and whenever its descriptor
// becomes ready, and stays until it is over, as with epoll. The order of completions is that of any other backend: a
// completion never comes before the next turn.
//
// A sink may call back in the middle. So no list is iterated while it can change, and an operation is looked up again
// after each completion.

package import AsyncIOCore
import Glibc

extension VirtualBackend {
  package func submit(_ record: UnsafeMutablePointer<OperationRecord>) {
    let id = record.pointee.id
    let descriptor = record.pointee.descriptor
    switch record.pointee.kind {
    case .poll where record.pointee.events & UInt32(POLLIN) == 0:
      outputs[descriptor] = id
      attempts.append(id)
    case .accept, .receive, .receiveDatagrams, .read, .poll:
      precondition(inputs[descriptor] == nil, "two operations wait for input of one descriptor")
      inputs[descriptor] = id
      attempts.append(id)
    case .send, .sendZeroCopy, .write:
      outputs[descriptor] = id
      attempts.append(id)
    case .connect:
      outputs[descriptor] = id
      guard let address = record.pointee.address else { preconditionFailure("connect needs an address") }
      network.connect(descriptor, to: address, now: now)
    case .readFile, .writeFile, .syncFile: preconditionFailure("see `offers`")
    }
  }

  package func cancel(_ record: UnsafeMutablePointer<OperationRecord>) {
    forget(record)
    cancelled.append(record.pointee.id)
  }

  private func forget(_ record: UnsafeMutablePointer<OperationRecord>) {
    let id = record.pointee.id
    let descriptor = record.pointee.descriptor
    if inputs[descriptor] == id { inputs[descriptor] = nil }
    if outputs[descriptor] == id { outputs[descriptor] = nil }
  }

  // MARK: - Completing

  func completeCancelled(of loop: EventLoop) {
    let ended = cancelled
    cancelled = []
    for id in ended {
      guard let record = loop.operations.record(id) else { continue }
      loop.complete(record, Completion(result: -ECANCELED, isLast: true))
    }
  }

  func handle(_ event: VirtualNetwork.Event, of loop: EventLoop) {
    switch event {
    case .acceptable(let descriptor), .readable(let descriptor):
      if let id = inputs[descriptor] { attempts.append(id) }
    case .writable(let descriptor):
      if let id = outputs[descriptor] { attempts.append(id) }
    case .connected(let descriptor, let result):
      guard let id = outputs[descriptor], let record = loop.operations.record(id) else { return }
      finish(record, result, of: loop)
    }
  }

  func attemptAll(of loop: EventLoop) {
    let batch = attempts
    attempts = []
    for id in batch {
      guard let record = loop.operations.record(id), record.pointee.state == .submitted else { continue }
      switch record.pointee.kind {
      case .accept: accept(record, of: loop)
      case .receive, .read: receive(record, of: loop)
      case .receiveDatagrams: receiveDatagrams(record, of: loop)
      case .send, .sendZeroCopy, .write: sendRest(record, of: loop)
      case .poll: poll(record, of: loop)
      case .connect, .readFile, .writeFile, .syncFile: break
      }
    }
  }

  private func finish(_ record: UnsafeMutablePointer<OperationRecord>, _ result: Int32, of loop: EventLoop) {
    forget(record)
    loop.complete(record, Completion(result: result, isLast: true))
  }

  private func accept(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let id = record.pointee.id
    while let record = loop.operations.record(id), record.pointee.state == .submitted {
      do throws(VirtualErrno) {
        let descriptor = try network.accept(on: record.pointee.descriptor)
        if record.pointee.isAcceptOnce { return finish(record, descriptor, of: loop) }
        loop.complete(record, Completion(result: descriptor, isLast: false))
      } catch {
        if error.code != EAGAIN { finish(record, -error.code, of: loop) }
        return
      }
    }
  }

  private func receive(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let id = record.pointee.id
    let descriptor = record.pointee.descriptor
    let available = network.available(at: descriptor)
    let limit = available > 0 ? lengthOfRead.map { max(1, $0(available)) } ?? available : available
    switch network.receive(from: descriptor, upTo: limit, now: now) {
    case .bytes(let bytes):
      // More bytes, or the end after them, come in another turn.
      attempts.append(id)
      bytes.withUnsafeBytes {
        loop.complete(record, Completion(result: Int32($0.count), bytes: $0, isLast: false))
      }
    case .end: finish(record, 0, of: loop)
    case .failed(let code): finish(record, -code, of: loop)
    case .nothing: break
    }
  }

  /// Reports once a turn while the descriptor is ready.
  private func poll(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let id = record.pointee.id
    let descriptor = record.pointee.descriptor
    guard let ready = network.readiness(of: descriptor) ?? readiness(ofWatch: descriptor) else {
      // Foreign descriptors don't exist here.
      return finish(record, -EOPNOTSUPP, of: loop)
    }
    let events = ready & (record.pointee.events | UInt32(POLLERR | POLLHUP))
    if events == 0 { return }
    attempts.append(id)
    loop.complete(record, Completion(result: Int32(bitPattern: events), isLast: false))
  }

  /// Whether something has happened to watched files; nil if the descriptor is not one of theirs.
  private func readiness(ofWatch descriptor: Int32) -> UInt32? {
    files.isReadable(descriptor).map { $0 ? UInt32(POLLIN) : 0 }
  }

  private func sendRest(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let count = network.send(record.pointee.rest, to: record.pointee.descriptor, now: now)
    if count == -Int(EAGAIN) { return }
    if count < 0 { return finish(record, Int32(count), of: loop) }
    if record.pointee.advance(by: count) { finish(record, Int32(clamping: record.pointee.done), of: loop) }
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
