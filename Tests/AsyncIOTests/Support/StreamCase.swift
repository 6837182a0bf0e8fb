// SPDX-License-Identifier: Apache-2.0

/// A scenario with a name.
struct StreamCase: Sendable, CustomStringConvertible {
  let description: String
  let scenario: StreamScenario

  private init(
    _ name: String, _ setting: StreamModel.Setting = .init(), peer: [PeerAct] = [], _ tasks: [[UserAct]],
    cancellations: Int = 0
  ) {
    description = name
    scenario = StreamScenario(setting: setting, peer: peer, tasks: tasks, cancellations: cancellations)
  }

  /// Has more than some thousand orders of events.
  var isLong: Bool {
    scenario.tasks.count > 2 || scenario.tasks.joined().contains(.drain) && scenario.setting.room == 0
  }

  static let all: [StreamCase] =
    [false, true].flatMap { polls in
      let way = polls ? "polls" : "receives"
      func setting(_ change: (inout StreamModel.Setting) -> Void = { _ in }) -> StreamModel.Setting {
        var setting = StreamModel.Setting(polls: polls)
        change(&setting)
        return setting
      }
      return [
        StreamCase("reads to the end, by \(way)", setting(), peer: [.sends, .sends, .ends], [[.read(1), .readToEnd]]),
        StreamCase(
          "reads, and is cancelled, by \(way)", setting(), peer: [.sends, .ends], [[.read(1)], [.read(1)]],
          cancellations: 2),
        StreamCase(
          "pauses, and reads more than the limit, by \(way)", setting { $0.limit = 0 }, peer: [.sends, .sends, .sends],
          [[.read(1), .read(2)]]),
        StreamCase(
          "reads what was lent, by \(way)", setting(), peer: [.sends, .sends],
          [[.lend, .endLoan, .read(1)], [.read(1)]]),
        StreamCase("meets a reset, by \(way)", setting(), peer: [.sends, .resets], [[.readToEnd]]),
        StreamCase(
          "meets a reset with a send, by \(way)", setting(), peer: [.sends, .resets],
          [[.read(1), .readToEnd], [.write]]),
        StreamCase(
          "meets a reset with output pending, by \(way)", setting { $0.room = 0 }, peer: [.sends, .resets],
          [[.read(1)], [.write, .drain]]),
        StreamCase(
          "writes to a slow peer, and closes, by \(way)", setting { $0.room = 0 }, peer: [.reads, .reads],
          [[.write, .write], [.close, .waitClosed]], cancellations: 1),
        StreamCase(
          "closes with a reader, by \(way)", setting(), peer: [.sends, .ends],
          [[.read(1), .readToEnd], [.close, .waitClosed]]),
        StreamCase(
          "aborts with a reader and a writer, by \(way)", setting { $0.room = 0 }, peer: [.sends],
          [[.readToEnd], [.write], [.abort]]),
        StreamCase(
          "ends its output behind what is pending, by \(way)", setting { $0.room = 0 }, peer: [.reads, .ends],
          [[.write, .drain], [.writeEnd], [.readToEnd]]),
        StreamCase(
          "sends a file, by \(way)", setting { $0.room = 0 }, peer: [.reads, .reads],
          [[.takeHold, .sendFile], [.write]], cancellations: 1),
        StreamCase(
          "sends a file, and closes, by \(way)", setting(), peer: [.reads],
          [[.takeHold, .sendFile], [.close, .waitClosed]]),
        StreamCase(
          "lingers for a server, by \(way)", setting { $0.lingers = true }, peer: [.sends, .sends, .ends],
          [[.write, .close, .waitClosed]]),
        StreamCase(
          "lingers until a reset, by \(way)", setting { $0.lingers = true }, peer: [.sends, .resets],
          [[.read(1), .write, .close, .waitClosed]]),
        StreamCase(
          "has a filter put in, by \(way)", setting(), peer: [.sends, .sends, .ends], [[.installFilter, .readToEnd]]),
        StreamCase(
          "begins paused, by \(way)", setting { $0.beginsPaused = true }, peer: [.sends, .ends],
          [[.read(1), .readToEnd]],
          cancellations: 1),
      ]
    } + [
      StreamCase(
        "keeps a failure for the peer's reason", .init(hasFilter: true), peer: [.sends, .resets],
        [[.write, .drain], [.readToEnd]]),
      StreamCase(
        "closes towards a peer that doesn't read", .init(room: 0, hasFilter: true, lingers: true),
        [[.write], [.close, .waitClosed]]),
      StreamCase(
        "closes while a failure is kept", .init(hasFilter: true, lingers: true), peer: [.resets],
        [[.write, .drain], [.close]]),
    ]
}
