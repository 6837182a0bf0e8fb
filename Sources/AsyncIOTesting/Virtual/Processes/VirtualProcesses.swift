// SPDX-License-Identifier: Apache-2.0
// Child processes without a kernel: a program is a function that the test has defined, and a child of it is a task on
// the loop. Its streams are pipes of the virtual network, so the caller's side works as usual, in virtual time.

import AsyncIO
package import AsyncIOCore
import Glibc

package final class VirtualProcesses: Processes {
  private let sockets: VirtualSockets
  var programs: [String: VirtualProcess.Body] = [:]
  /// By their descriptors; until they are reaped.
  private var children: [Int32: VirtualProcess] = [:]
  /// The ends of pipes that were made for a child.
  private var forChildren: Set<Int32> = []
  private var lastID: Int32 = 1000

  init(_ sockets: VirtualSockets) { self.sockets = sockets }

  /// Programs and children may refer to the loop.
  func close() {
    programs = [:]
    children = [:]
  }

  package func start(_ plan: ProcessPlan) throws -> StartedProcess {
    guard let loop = EventLoop.onThisThread else { preconditionFailure("a child is started on the loop's thread") }
    let name = plan.program.split(separator: "/").last.map(String.init) ?? plan.program
    guard let body = programs[plan.program] ?? programs[name] else {
      throw SystemError("spawn", plan.program, code: .noSuchFile)
    }
    var opened: [Int32] = []
    do throws(VirtualErrno) {
      let descriptor = try sockets.network.open(.process(hasEnded: false))
      opened.append(descriptor)
      var standard: [Int32] = []
      for number: Int32 in 0...2 {
        let source = plan.inherited.last { $0.target == number }?.source ?? -1
        if forChildren.contains(source) {
          standard.append(source)
        } else {
          // Streams of the test itself lead nowhere.
          standard.append(try sockets.network.open(.null))
          opened.append(standard[Int(number)])
        }
      }
      forChildren.subtract(standard)
      lastID += 1
      let child = VirtualProcess(plan, id: lastID, standard: standard, on: loop) { [weak self] in
        self?.sockets.network.endProcess(descriptor)
      }
      children[descriptor] = child
      child.start(body)
      return StartedProcess(id: lastID, descriptor: descriptor)
    } catch {
      for descriptor in opened { sockets.close(descriptor) }
      throw SystemError("spawn", plan.program, code: SystemError.Code(rawValue: error.code))
    }
  }

  package func makePipe(childReads: Bool) throws -> (ours: Int32, theirs: Int32) {
    let (ours, theirs) = try sockets.makeSocketPair()
    forChildren.insert(theirs)
    return (ours, theirs)
  }

  package func openTerminal(_ size: TerminalSize) throws -> (ours: Int32, theirs: Int32) {
    throw SystemError("open", "/dev/ptmx on a loop with virtual time", code: .notSupported)
  }

  package func setSize(_ size: TerminalSize, ofTerminal descriptor: Int32) -> Int32 { -ENOTTY }

  package func open(_ path: String, _ access: StandardFileAccess) throws -> Int32 {
    guard path == "/dev/null" else {
      throw SystemError("open", "\(path) on a loop with virtual time", code: .notSupported)
    }
    do throws(VirtualErrno) {
      let descriptor = try sockets.network.open(.null)
      forChildren.insert(descriptor)
      return descriptor
    } catch {
      throw SystemError("open", path, code: SystemError.Code(rawValue: error.code))
    }
  }

  /// The child closes it.
  package func handedOver(_ descriptor: Int32) {}

  package func exit(of descriptor: Int32, reaps: Bool) -> ExitStatus? {
    guard let child = children[descriptor] else { return ExitStatus(.lost) }
    if child.status != nil && reaps { children[descriptor] = nil }
    return child.status
  }

  package func send(_ signal: Signal, to descriptor: Int32) -> Int32 {
    guard let child = children[descriptor], child.status == nil else { return -ESRCH }
    child.receive(signal)
    return 0
  }

  package func send(_ signal: Signal, toGroup id: Int32) {
    children.values.first { $0.id == id && $0.status == nil }?.receive(signal)
  }

  package func abandon(_ descriptor: Int32) {
    _ = send(.kill, to: descriptor)
    children[descriptor] = nil
  }
}

extension VirtualNetwork {
  /// A child has ended.
  mutating func endProcess(_ descriptor: Int32) {
    guard case .process = descriptors[descriptor] else { return }
    descriptors[descriptor] = .process(hasEnded: true)
    news.append(.readable(descriptor))
  }
}
