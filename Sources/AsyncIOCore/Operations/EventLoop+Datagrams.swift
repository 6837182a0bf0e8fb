// SPDX-License-Identifier: Apache-2.0

extension EventLoop {
  /// Starts to receive the datagrams that arrive at a socket, until `cancel` or an error that ends it.
  package func receiveDatagrams(from descriptor: Int32, sink: any OperationSink) -> OperationID {
    unsafe submit(operations.allocate(.receiveDatagrams, descriptor: descriptor, sink: sink))
  }
}
