// SPDX-License-Identifier: Apache-2.0

/// A socket that listens and that somebody else has made: the service manager, a parent process, the program itself.
/// `startServer(at: .sockets(…))` serves it.
///
/// ```swift
/// let server = try await startServer(at: .sockets(ListeningSocket.fromSystemd())) { reader, writer in
///   try await serve(reader, writer)
/// }
/// ```
public struct ListeningSocket: Hashable, Sendable, CustomStringConvertible {
  /// The number of the descriptor.
  public let descriptor: Int32
  /// The name that its maker gave it, `FileDescriptorName=` of a systemd socket unit; empty without one.
  public let name: String

  /// A descriptor that the program brings. It belongs to the server that is started on it, which closes it.
  ///
  /// ```swift
  /// let server = try await startServer(at: .sockets([ListeningSocket(descriptor: 5)])) { reader, writer in
  ///   try await serve(reader, writer)
  /// }
  /// ```
  public init(descriptor: Int32, name: String = "") {
    self.descriptor = descriptor
    self.name = name
  }

  public var description: String { name.isEmpty ? "descriptor \(descriptor)" : "descriptor \(descriptor) (\(name))" }
}
