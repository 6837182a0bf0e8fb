// SPDX-License-Identifier: Apache-2.0
// A connection's handler: how its task begins, and what its end means for the connection, the counts and the reports.

import AsyncIOCore

extension Listener {
  /// What the task's closures hold while the handler waits is a good part of an idle connection's memory. So the usual
  /// case has a frame of its own, without what only its end needs.
  /// Benchmark: idle.
  func handle(_ handle: StreamHandle, in task: AnyTaskHandle) {
    let service = service
    if case .halves(let handler) = service.handler, service.security == nil {
      task.startOwn {
        task.begin()
        do {
          try await handler(StreamReader(handle), StreamWriter(handle))
          Self.handlerReturned(handle, task)
        } catch {
          Self.handlerFailed(error, handle, task)
        }
      }
      return
    }
    if case .service(_, let serve) = service.handler {
      return task.startOwn {
        task.begin()
        if let security = service.security {
          do { try await security.secure(ByteStream(handle)) } catch {
            return Self.handshakeFailed(error, handle, task)
          }
          Self.preparationEnded(handle)
        }
        await serve(handle)
        Self.handlerReturned(handle, task)
      }
    }
    task.startOwn {
      task.begin()
      do {
        let stream = ByteStream(handle)
        if let security = service.security {
          do { try await security.secure(stream) } catch { return Self.handshakeFailed(error, handle, task) }
          Self.preparationEnded(handle)
        }
        switch service.handler {
        case .halves(let handler): try await handler(stream.reader, stream.writer)
        case .stream(let handler): try await handler(stream)
        case .service(_, let serve): await serve(handle)
        }
        Self.handlerReturned(handle, task)
      } catch {
        Self.handlerFailed(error, handle, task)
      }
    }
  }

  @inline(never)
  private static func handlerReturned(_ handle: StreamHandle, _ task: AnyTaskHandle) {
    handlerEnded(handle)
    task.end(.succeeded)
  }

  @inline(never)
  private static func handlerFailed(_ error: any Error, _ handle: StreamHandle, _ task: AnyTaskHandle) {
    let transport = handle.transport
    // An error of the handler's that comes of the server's close: it reads or writes on.
    let wasEnded = handle.entry?.wasClosed == true && (error is StreamError || error is IncompleteReadError)
    // The connection knows its peer for as long as it is there.
    let peer = handle.isCurrent ? transport.peer : nil
    // What was written before the server closed the connection still leaves.
    if !wasEnded { handle.abort() }
    // Connections that the server has reset and peers that went are not failures of the handler. On a busy server their
    // reports would bury the real ones.
    let wasCutOff = handle.entry?.wasCutOff == true
    let peerWent = handle.isCurrent && transport.wasLost(by: error)
    if peerWent {
      DebugMode.log("a connection was lost: \(error)")
    } else if !wasCutOff && !wasEnded && !(error is CancellationError) {
      let server = handle.listener?.waitDescription ?? "server"
      let connection = peer.map { "the connection from \($0)" } ?? "a connection"
      transport.loop.reportFromAnywhere("\(server): the handler of \(connection) failed", error)
    }
    handlerEnded(handle)
    task.end(task.ended(by: error))
  }

  /// Scanners, checks of health, and clients with other ideas of TLS come all day: each is counted, and told to those
  /// who debug.
  @inline(never)
  private static func handshakeFailed(_ error: any Error, _ handle: StreamHandle, _ task: AnyTaskHandle) {
    handle.abort()
    let wasCutOff = handle.entry?.wasCutOff == true
    if !wasCutOff && !(error is CancellationError) && !(error is StreamError) {
      DebugMode.log("a handshake failed: \(error)")
      handle.listener?.onItsLoop { $0.counts.failedHandshakes += 1 }
    }
    handlerEnded(handle)
    task.end(task.ended(by: error))
  }

  /// On the thread where the handler's task has ended, which is the loop's as a rule.
  private static func handlerEnded(_ handle: StreamHandle) {
    guard let ownership = handle.transport.ownership, let listener = ownership.owner as? Listener else { return }
    guard handle.isCurrent || !listener.loop.isClosed else { return }
    let place = ownership.place
    listener.onItsLoop { $0.handlerEnded(at: place) }
  }

  private static func preparationEnded(_ handle: StreamHandle) {
    guard let place = handle.transport.ownership?.place else { return }
    handle.listener?.onItsLoop { $0.connections.preparationEnded(at: place) }
  }
}

extension StreamHandle {
  /// The listener that has accepted the connection, while its loop runs.
  fileprivate var listener: Listener? { transport.ownership?.owner as? Listener }

  /// What the listener keeps of the connection, on its loop's thread; nil on another.
  fileprivate var entry: ConnectionTable.Entry? {
    guard isCurrent, let ownership = transport.ownership, let listener else { return nil }
    return listener.connections[Int(ownership.place)]
  }
}
