// SPDX-License-Identifier: Apache-2.0
// Starting, cancelling and completing operations. All on the loop's thread.

extension EventLoop {
  /// Starts to take connections of a listener.
  ///
  /// - Parameter once: Takes one only. A backend may have taken more than one before its sink can say that it wants no
  ///   more.
  package func accept(on listener: Int32, once: Bool = false, sink: any OperationSink) -> OperationID {
    let record = unsafe operations.allocate(.accept, descriptor: listener, sink: sink)
    unsafe record.pointee.events = once ? 1 : 0
    return unsafe submit(record)
  }

  /// Starts to connect a socket.
  package func connect(_ descriptor: Int32, to address: SocketAddress, sink: any OperationSink) -> OperationID {
    let record = unsafe operations.allocate(.connect, descriptor: descriptor, sink: sink)
    unsafe record.pointee.address = address
    return unsafe submit(record)
  }

  /// Starts to receive what arrives at a socket, or to read from anything else, until the end, an error, or `cancel`.
  package func receive(
    from descriptor: Int32, isSocket: Bool = true, sink: any OperationSink
  ) -> OperationID {
    unsafe submit(operations.allocate(isSocket ? .receive : .read, descriptor: descriptor, sink: sink))
  }

  /// Starts to receive the datagrams that arrive at a socket, until `cancel` or an error that ends it.
  package func receiveDatagrams(from descriptor: Int32, sink: any OperationSink) -> OperationID {
    unsafe submit(operations.allocate(.receiveDatagrams, descriptor: descriptor, sink: sink))
  }

  /// Starts to send bytes that `owner` keeps in place; or to write them to what is not a socket.
  package func send(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, isSocket: Bool = true, owner: AnyObject,
    sink: any OperationSink
  ) -> OperationID {
    let record = unsafe operations.allocate(isSocket ? .send : .write, descriptor: descriptor, sink: sink)
    unsafe record.pointee.pointer = bytes.baseAddress
    unsafe record.pointee.count = bytes.count
    unsafe record.pointee.owner = owner
    return unsafe submit(record)
  }

  /// Starts to send bytes from where `owner` keeps them, without a copy if that can be had; completes when the kernel
  /// needs them no more.
  package func sendZeroCopy(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, owner: AnyObject, sink: any OperationSink
  ) -> OperationID {
    let record = unsafe operations.allocate(.sendZeroCopy, descriptor: descriptor, sink: sink)
    unsafe record.pointee.pointer = bytes.baseAddress
    unsafe record.pointee.count = bytes.count
    unsafe record.pointee.owner = owner
    return unsafe submit(record)
  }

  /// Starts to report a descriptor's readiness for any of `events` (poll(2)), as often as it is ready.
  package func poll(_ descriptor: Int32, events: UInt32, sink: any OperationSink) -> OperationID {
    let record = unsafe operations.allocate(.poll, descriptor: descriptor, sink: sink)
    unsafe record.pointee.events = events
    return unsafe submit(record)
  }

  /// Asks for the end of an operation; its last completion is still to come. Does nothing if it is over.
  package func cancel(_ id: OperationID) {
    guard let record = unsafe operations.record(id), unsafe record.pointee.state == .submitted else { return }
    unsafe record.pointee.state = .cancelRequested
    unsafe backend.cancel(record)
  }

  func submit(_ record: UnsafeMutablePointer<OperationRecord>) -> OperationID {
    counters.operations &+= 1
    unsafe backend.submit(record)
    return unsafe record.pointee.id
  }

  /// Called by backends.
  @inline(__always)
  package func complete(_ record: UnsafeMutablePointer<OperationRecord>, _ completion: Completion) {
    counters.completions &+= 1
    let id = unsafe record.pointee.id
    // The sink is kept for the time of the call: the last completion lets go of it.
    guard let sink = unsafe record.pointee.sink else { return }
    if completion.isLast { unsafe operations.free(record) }
    sink.complete(id, completion)
  }
}
