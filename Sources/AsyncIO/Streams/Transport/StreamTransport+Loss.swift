// SPDX-License-Identifier: Apache-2.0
// A connection that is lost is lost in both directions, and the kernel tells only one of them. The kernel keeps a reset
// as the socket's error (SO_ERROR), and the first call that asks takes it. If a send took it (ECONNRESET), a receive
// gives what had arrived, and then 0, as if the peer had ended its stream properly (sock_error in sk_stream_error and
// tcp_recvmsg). An io_uring send of many bytes (MSG_WAITALL) and sendfile(2) may even take it and say nothing, when a
// part has left before. The next send then fails with EPIPE. So each direction tells the other.
//
// What the peer said before stays readable: a server that refuses an upload answers and closes, and the sender learns
// of it by a failed send.

import AsyncIOCore

extension StreamTransport {
  // MARK: - From the output to the input

  func failOutput(_ error: SystemError) {
    if keepSendFailure(error) { output.discard() } else { loseOutput(error) }
    // The receive in flight may have slept through the reset.
    if isSocket, let operation = state.receiveAnew() { loop.cancel(operation) }
  }

  func loseOutput(_ error: SystemError) {
    // An abort has said why already.
    state.output.fail(error)
    output.discard()
    wakeWriters()
    consumer?.outputChanged()
    endLingering()
  }

  /// The loss that a send has learned of, if a receive that gives 0 means that, and not the peer's own end.
  @inline(__always)
  var lossBehindEnd: SystemError? { state.endIsDoubtful(pending: !output.isEmpty) ? findLoss() : nil }

  private func findLoss() -> SystemError? {
    guard isSocket else { return nil }
    let hasEnded = loop.sockets.hasEnded(number, after: bytesReceived)
    return state.lossBehindEnd(hasEnded: hasEnded).map { SystemError("receive", waitDescription, code: $0) }
  }

  // MARK: - From the input to the output

  /// A receive has failed: nothing will leave any more either.
  func failInput(_ error: SystemError) {
    endInput(with: error)
    guard isSocket, error.code.isLoss, state.output.learnsLoss(pending: !output.isEmpty) else { return }
    failOutput(SystemError("send", waitDescription, code: error.code))
  }
}
