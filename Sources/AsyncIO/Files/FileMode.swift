// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How a file is opened: Python's modes, by their meaning.
///
/// - Python's `r` is `.read`: the file must exist.
/// - `w` is `.write`: it is made, or emptied.
/// - `a` is `.append`: it is made, or kept, and every write goes to its end.
/// - `x` is `.create`: it must not exist, and is made.
/// - `r+` is `.update`, `w+` is `.rewrite`, `a+` is `.readAndAppend`, `x+` is `.createAndRead`: the same, read and
///   written.
///
/// ```swift
/// try await withFile("numbers.bin", .update.with(.create)) { file in
///   try await file.write([7], at: 100)
/// }
/// ```
public struct FileMode: Hashable, Sendable {
  /// Further wishes, as flags of open(2).
  public struct Options: OptionSet, Hashable, Sendable {
    /// The flags of open(2).
    public let rawValue: Int32

    /// Flags of open(2).
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Makes the file if it is missing (O_CREAT).
    public static let create = Options(rawValue: O_CREAT)
    /// The file must not exist (O_EXCL); with `create`.
    public static let exclusive = Options(rawValue: O_EXCL)
    /// Every write goes to the end, also those of other processes in between (O_APPEND).
    public static let append = Options(rawValue: O_APPEND)
    /// Empties the file (O_TRUNC).
    public static let truncate = Options(rawValue: O_TRUNC)
    /// Fails with ELOOP if the last component is a symbolic link (O_NOFOLLOW).
    public static let noFollow = Options(rawValue: O_NOFOLLOW)
    /// Each write waits for the disk (O_DSYNC).
    public static let synchronous = Options(rawValue: O_DSYNC)
    /// The path is a directory, and the file is a new one in it that has no name and goes when it is closed
    /// (O_TMPFILE).
    public static let temporary = Options(rawValue: 0o20200000)
  }

  let access: Int32
  let options: Options

  private init(_ access: Int32, _ options: Options = []) {
    self.access = access
    self.options = options
  }

  /// Reads a file that exists; Python's `r`.
  public static let read = FileMode(O_RDONLY)
  /// Writes a file that is made or emptied; `w`.
  public static let write = FileMode(O_WRONLY, [.create, .truncate])
  /// Writes at the end of a file, which is made if it is missing; `a`.
  public static let append = FileMode(O_WRONLY, [.create, .append])
  /// Makes a file that must not exist, and writes it; `x`.
  public static let create = FileMode(O_WRONLY, [.create, .exclusive])
  /// Reads and writes a file that exists; `r+`.
  public static let update = FileMode(O_RDWR)
  /// Reads and writes a file that is made or emptied; `w+`.
  public static let rewrite = FileMode(O_RDWR, [.create, .truncate])
  /// Reads a file, and writes at its end; it is made if it is missing. `a+`.
  public static let readAndAppend = FileMode(O_RDWR, [.create, .append])
  /// Makes a file that must not exist, and reads and writes it; `x+`.
  public static let createAndRead = FileMode(O_RDWR, [.create, .exclusive])

  /// The mode with further options.
  public func with(_ more: Options) -> FileMode { FileMode(access, options.union(more)) }

  var flags: Int32 { access | options.rawValue }
  var appends: Bool { options.contains(.append) }
  var mayWrite: Bool { access != O_RDONLY }
}
