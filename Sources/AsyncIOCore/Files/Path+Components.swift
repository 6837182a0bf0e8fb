// SPDX-License-Identifier: Apache-2.0
// What a path says by itself, without a look at the files: pure functions of its bytes.

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")

extension Path {
  /// Whether it begins at the root.
  public var isAbsolute: Bool { bytes.first == slash }

  /// The components, without the slashes, without empty ones and without `.`; `..` stays, since a link may stand before
  /// it.
  ///
  /// ```swift
  /// let parts = Path("/srv//www/./index.html").components  // srv, www, index.html
  /// ```
  public var components: [Path] {
    bytes.split(separator: slash).filter { $0.elementsEqual([dot]) == false }.map { Path(bytes: $0) }
  }

  /// The last component; empty of the root. Python's `name`.
  public var name: Path { Path(bytes: bytes.split(separator: slash).last ?? []) }

  /// The path without its last component: `.` of a bare name, `/` of the root. Python's `parent`.
  public var parent: Path {
    var rest = bytes
    while rest.count > 1, rest.last == slash { rest = rest.dropLast() }
    guard let end = rest.lastIndex(of: slash) else { return "." }
    rest = rest[..<end]
    while rest.count > 1, rest.last == slash { rest = rest.dropLast() }
    return rest.isEmpty ? "/" : Path(bytes: rest)
  }

  /// The last component up to its last dot: `archive.tar` of `archive.tar.gz`, all of `.profile`. Python's `stem`.
  public var stem: Path {
    let name = name.bytes
    guard let end = Path.suffixStart(of: name) else { return Path(bytes: name) }
    return Path(bytes: name[..<end])
  }

  /// The end of the last component from its last dot on: `.gz`; empty without one. Python's `suffix`.
  public var suffix: String {
    let name = name.bytes
    guard let start = Path.suffixStart(of: name) else { return "" }
    return Path.text(of: name[start...])
  }

  /// A name like `.profile` has no suffix, and neither has `name.`.
  private static func suffixStart(of name: ArraySlice<UInt8>) -> Int? {
    guard let start = name.lastIndex(of: dot), start > name.startIndex, start < name.endIndex - 1 else { return nil }
    return name[..<start].allSatisfy { $0 == dot } ? nil : start
  }

  /// The path of a file below this one. An absolute one stands for itself, as with Python's `/`.
  public func appending(_ other: Path) -> Path {
    if other.isAbsolute || isEmpty { return other }
    if other.isEmpty { return self }
    return Path(bytes: bytes.last == slash ? bytes + other.bytes : bytes + [slash] + other.bytes)
  }

  /// The path of a file beside this one: with another last component.
  public func withName(_ other: Path) -> Path {
    bytes.contains(slash) ? parent.appending(other) : other
  }

  /// The same with another suffix, dot included; with none for an empty text. Python's `with_suffix`.
  public func withSuffix(_ suffix: String) -> Path { withName(Path(bytes: stem.bytes + Array(suffix.utf8))) }

  /// `folder / "name"`, as Python writes it.
  public static func / (folder: Path, name: Path) -> Path { folder.appending(name) }

  /// Whether the path is this folder or lies below it, going by the components alone. Python's `is_relative_to`.
  public func isBelow(_ folder: Path) -> Bool {
    isAbsolute == folder.isAbsolute && components.starts(with: folder.components)
  }
}
