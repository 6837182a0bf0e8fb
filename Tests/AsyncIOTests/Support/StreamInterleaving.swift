// SPDX-License-Identifier: Apache-2.0
// A few tasks, a peer and a kernel, in every order in which they can act on one stream of the model. Each step is a
// call of a task, a thing that the peer does, a completion, a timer, or a cancellation. What must hold is checked after
// each step, and again when nothing more happens by itself.

@testable import AsyncIO
@testable import AsyncIOCore

/// What the other side of the connection does, in its order.
enum PeerAct { case sends, reads, ends, resets }

/// What a task of this side does.
enum UserAct: Equatable {
  case read(Int)
  case readToEnd
  case write
  case drain
  case writeEnd
  case close
  case waitClosed
  case abort
  case lend
  case endLoan
  case takeHold
  case sendFile
  case installFilter
}

struct StreamScenario {
  var setting = StreamModel.Setting()
  var peer: [PeerAct] = []
  var tasks: [[UserAct]]
  /// How many waits are cancelled, at most.
  var cancellations = 0
}

/// One order of events.
final class StreamInterleaving {
  private struct Task {
    var acts: ArraySlice<UserAct>
    var wait: WaitID?
    var isCancelled = false
    var outcomes: [String] = []
  }

  private let model: StreamModel
  private var peer: ArraySlice<PeerAct>
  private var tasks: [Task]
  private var cancellationsLeft: Int
  private var events: [String] = []

  private init(_ scenario: StreamScenario, _ mistake: StreamMistake?) {
    model = StreamModel(scenario.setting, mistake)
    peer = scenario.peer[...]
    tasks = scenario.tasks.map { Task(acts: $0[...]) }
    cancellationsLeft = scenario.cancellations
  }

  static func run(_ choices: inout Choices, _ scenario: StreamScenario, _ mistake: StreamMistake?) throws {
    let run = StreamInterleaving(scenario, mistake)
    while run.step(&choices) {
      if let fault = run.model.broken ?? run.faultOfMoment { throw run.fault(fault) }
    }
    if let fault = run.faultAtEnd { throw run.fault(fault) }
  }

  private func fault(_ text: String) -> StreamFault { StreamFault(fault: text, events: events) }

  // MARK: - Steps

  private enum Event {
    case task(Int), cancel(Int), peer, completion(ModelSocket.Completion), reason(SystemError), lingering, closeLimit
  }

  private func step(_ choices: inout Choices) -> Bool {
    let possible = possibleEvents
    if possible.isEmpty { return false }
    perform(possible[choices.pick(possible.count)])
    return true
  }

  private var possibleEvents: [Event] {
    var all: [Event] = []
    for (index, task) in tasks.enumerated() {
      if let wait = task.wait {
        if model.resumed.contains(wait) || task.isCancelled { all.append(.task(index)) }
        if cancellationsLeft > 0, !task.isCancelled { all.append(.cancel(index)) }
      } else if !task.acts.isEmpty {
        all.append(.task(index))
      }
    }
    if !peer.isEmpty, !model.socket.isClosed { all.append(.peer) }
    if !model.socket.isClosed || !model.socket.operations.isEmpty {
      all += model.socket.possible.map { .completion($0) }
    }
    if let reason = model.reasonTimer { all.append(.reason(reason)) }
    if model.lingerTimer { all.append(.lingering) }
    if model.closeTimer { all.append(.closeLimit) }
    return all
  }

  private func perform(_ event: Event) {
    switch event {
    case .task(let index): advance(index)
    case .cancel(let index):
      cancellationsLeft -= 1
      tasks[index].isCancelled = true
      events.append("\(index) is cancelled")
    case .peer:
      let act = peer.removeFirst()
      events.append("the peer \(act)")
      switch act {
      case .sends: model.socket.peerSends()
      case .reads: model.socket.peerReads()
      case .ends: model.socket.peerEnds()
      case .resets:
        model.socket.peerResets()
        peer = []
      }
    case .completion(let completion):
      events.append("\(completion.id.index) tells \(completion.result)\(completion.isLast ? ", its last" : "")")
      model.complete(completion)
    case .reason(let error):
      events.append("the reason doesn't come")
      model.reasonTimer = nil
      model.endInput(with: error)
    case .lingering:
      events.append("the peer doesn't end in time")
      model.hasWaitedEnough = true
      model.endLingering()
    case .closeLimit:
      events.append("the close takes too long")
      model.closeTimer = false
      if model.state.isClosing, !model.outputIsIdle { model.abort() }
    }
  }

  // MARK: - Tasks

  private enum Step { case done(String), waits(WaitID) }

  private func advance(_ index: Int) {
    guard let act = tasks[index].acts.first else { return }
    let wait = tasks[index].wait.take()
    let step: Step
    if let wait, !model.resumed.contains(wait), tasks[index].isCancelled {
      leave(act, wait)
      step = .done("cancelled")
    } else {
      if let wait { leave(act, wait) }
      step = begin(act, isResumed: wait != nil)
    }
    switch step {
    case .done(let outcome):
      events.append("\(index): \(act) \(outcome)")
      tasks[index].outcomes.append(outcome)
      tasks[index].acts = outcome == "done" || outcome == "lent" ? tasks[index].acts.dropFirst() : []
      if outcome != "done", outcome != "lent" { giveUp(act) }
    case .waits(let wait):
      events.append("\(index): \(act) waits")
      tasks[index].wait = wait
    }
  }

  /// What a call does when its wait has ended.
  private func leave(_ act: UserAct, _ wait: WaitID) {
    switch act {
    case .read, .readToEnd: model.state.input.readerLeft()
    default:
      model.writers.removeAll { $0 == wait }
      model.closers.removeAll { $0 == wait }
    }
  }

  /// What a task that doesn't get through lets go of.
  private func giveUp(_ act: UserAct) {
    guard act == .sendFile else { return }
    model.cancelPollForRoom()
    model.release()
  }

  private func begin(_ act: UserAct, isResumed: Bool) -> Step {
    switch act {
    case .read(let needed): return read(needed)
    case .readToEnd: return readToEnd()
    case .write: return write(isResumed)
    case .drain: return drain()
    case .close: model.close()
    case .waitClosed: return waitClosed(isResumed)
    case .abort: model.abort()
    case .writeEnd:
      if !model.state.isOpen { return .done("is refused") }
      model.writeEnd()
    case .lend:
      if model.state.input.isLent || model.state.input.reader != nil { return .done("is refused") }
      model.state.input.lend()
      model.lent = model.unread
    case .endLoan:
      model.state.input.endLoan()
      model.lent = nil
      model.resumeReceiving()
    case .takeHold: return takeHold()
    case .sendFile: return sendFile()
    case .installFilter:
      if !model.state.isOpen || model.state.input.reader != nil { return .done("is refused") }
      model.hasFilter = true
      model.setPolling(false)
      if model.state.input.takeEnd() { model.state.input.peerEnded() }
      model.resumeReceiving()
    }
    return .done("done")
  }

  private func read(_ needed: Int) -> Step {
    if model.state.input.isLent, model.mistake != .takesWhatIsLent { return .done("lent") }
    if model.state.input.reader != nil { return .done("is refused") }
    if model.state.input.way.polls { _ = model.pull(needed) }
    if model.unread >= needed {
      model.take(needed)
      return .done("done")
    }
    return outcomeOfEnd() ?? waitForInput(needed)
  }

  private func readToEnd() -> Step {
    if model.state.input.reader != nil { return .done("is refused") }
    if model.state.input.way.polls { _ = model.pull(model.unread + 1) }
    return outcomeOfEnd() ?? waitForInput(model.unread + 1)
  }

  private func outcomeOfEnd() -> Step? {
    switch model.state.input.end {
    case .open: nil
    case .peers, .own: .done("end")
    case .failed(let error): .done("fails: \(error)")
    }
  }

  private func waitForInput(_ needed: Int) -> Step {
    let wait = model.makeWait()
    model.state.input.wait(wait, for: needed)
    model.resumeReceiving()
    return .waits(wait)
  }

  private var refusal: Step? {
    if let error = model.state.output.error { return .done("fails: \(error)") }
    return model.state.isOpen && !model.state.output.hasEnd ? nil : .done("is refused")
  }

  private func waitForOutput() -> Step {
    let wait = model.makeWait()
    model.writers.append(wait)
    return .waits(wait)
  }

  private func write(_ isResumed: Bool) -> Step {
    var isFull = model.pending > model.setting.highWater
    if !isResumed {
      if let refusal { return refusal }
      isFull = model.write()
    }
    if let error = model.state.output.error { return .done("fails: \(error)") }
    return isFull ? waitForOutput() : .done("done")
  }

  private func drain() -> Step {
    if let error = model.state.output.error { return .done("fails: \(error)") }
    return model.pending > 0 || model.state.output.keptFailure != nil ? waitForOutput() : .done("done")
  }

  private func waitClosed(_ isResumed: Bool) -> Step {
    let hasSaidAll = model.state.hasSaidAll(pending: model.pending > 0, hasFilter: model.hasFilter)
    if isResumed || model.state.phase == .closed || hasSaidAll { return .done("done") }
    let wait = model.makeWait()
    model.closers.append(wait)
    return .waits(wait)
  }

  /// What a file's sender does before its first piece.
  private func takeHold() -> Step {
    if let refusal { return refusal }
    if !model.outputIsIdle { return waitForOutput() }
    model.hold()
    return .done("done")
  }

  /// One piece of a file, with the output held.
  private func sendFile() -> Step {
    if model.state.output.polls { return waitForOutput() }
    if model.state.output.error != nil || !model.state.isOpen { return .done("is refused") }
    guard model.socket.room > 0, !model.socket.isReset else {
      if model.socket.isReset { return .done("fails") }
      model.pollForRoom()
      return waitForOutput()
    }
    _ = model.socket.sendNow(1)
    model.written += 1
    model.release()
    return .done("done")
  }

  // MARK: - What must hold

  private var faultOfMoment: String? {
    let state = model.state
    if state.phase == .closed, !model.socket.operations.isEmpty { return "it is closed with an operation in flight" }
    if let error = state.input.error as? SystemError, error.code.isLoss, !state.output.drops {
      return "the output doesn't know what the input has learned"
    }
    if case .peers = state.input.end, !model.socket.hasEnd { return "a reset passes for an end" }
    if case .failed(let error) = state.input.end, error is StreamError, !model.wasAborted {
      return "the input fails with what nobody has done"
    }
    if model.hasFilter == false, model.socket.isReset == false, !model.wasAborted, model.socket.ends > 0,
      model.socket.taken < model.written
    {
      return "the end was said before all was sent"
    }
    return nil
  }

  private var faultAtEnd: String? {
    let state = model.state
    let socket = model.socket
    for (index, task) in tasks.enumerated() where task.wait != nil {
      switch task.acts.first {
      case .read(let needed):
        if state.input.isOver || model.unread >= needed { return "\(index) wasn't told of what there is to read" }
        if socket.isReadable { return "\(index) waits for what the kernel has" }
        if !state.input.hasOperation { return "\(index) waits, and nothing is received" }
      case .readToEnd:
        if state.input.isOver { return "\(index) wasn't told of the end" }
        if socket.isReadable { return "\(index) waits for what the kernel has" }
      case .waitClosed:
        if state.phase == .closed { return "\(index) wasn't told that it is closed" }
        if model.outputIsIdle { return "\(index) waits, and the connection doesn't close" }
        if model.hasFilter { return "\(index) waits for a peer that doesn't read" }
      default:
        if state.output.error != nil || state.phase == .closed { return "\(index) wasn't told that nothing leaves" }
        if socket.isReset, state.input.isOver { return "\(index) doesn't know what the input has learned" }
        if state.output.maySend, model.pending == 0 { return "\(index) wasn't told of room" }
        if socket.room > 0, state.output.isHeld == false { return "\(index) waits though there is room" }
      }
    }
    if model.hasClosed, model.outputIsIdle, state.phase != .closed { return "it doesn't close" }
    let isWhole = !socket.isReset && !model.wasAborted && !model.hasFilter
    if state.phase == .closed, isWhole, socket.taken < model.written { return "what was written is lost" }
    return nil
  }
}

struct StreamFault: Error, CustomStringConvertible {
  let fault: String
  let events: [String]

  var description: String { "\(fault), after: \(events.joined(separator: "; "))" }
}
