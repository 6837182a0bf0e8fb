// SPDX-License-Identifier: Apache-2.0
// The order of RFC 9110 section 13.2.2. A field that is malformed is as if it was not there, except that an If-Match
// which nobody can read must not let a change through: it fails.

/// The version of a resource that a server would send: its tag and its date. Both nil: it has neither.
public struct ResourceVersion: Hashable, Sendable {
  /// Whether the resource exists. What does not exist matches no condition, not even `*`.
  public var exists: Bool
  public var tag: EntityTag?
  public var lastModified: HTTPDate?

  /// A version.
  public init(exists: Bool = true, tag: EntityTag? = nil, lastModified: HTTPDate? = nil) {
    self.exists = exists
    self.tag = tag
    self.lastModified = lastModified
  }
}

/// The conditional fields of a request (RFC 9110 section 13), as their values came.
///
/// ```swift
/// var conditions = Preconditions()
/// conditions.ifNoneMatch = ["\"33a64df5\""]
/// let version = ResourceVersion(tag: EntityTag("33a64df5"))
/// assert(conditions.evaluate(against: version, isRead: true) == .notModified)
/// ```
public struct Preconditions: Hashable, Sendable {
  /// What a server does with the request.
  public enum Outcome: Hashable, Sendable {
    /// It does what the method asks for.
    case proceed
    /// It answers 304 (Not Modified).
    case notModified
    /// It answers 412 (Precondition Failed).
    case failed
  }

  /// The values of If-Match, one for each field line.
  public var ifMatch: [String] = []
  /// The values of If-None-Match, one for each field line.
  public var ifNoneMatch: [String] = []
  /// If-Modified-Since.
  public var ifModifiedSince: String?
  /// If-Unmodified-Since.
  public var ifUnmodifiedSince: String?

  /// No condition.
  public init() {}

  /// Whether the request has no conditional field.
  public var isEmpty: Bool {
    ifMatch.isEmpty && ifNoneMatch.isEmpty && ifModifiedSince == nil && ifUnmodifiedSince == nil
  }

  /// What a server does, given the version that it would send.
  ///
  /// - Parameter isRead: Whether the method is GET or HEAD.
  public func evaluate(against version: ResourceVersion, isRead: Bool) -> Outcome {
    if !ifMatch.isEmpty {
      guard let condition = EntityTagCondition(fields: ifMatch), matchesStrongly(condition, version) else {
        return .failed
      }
    } else if let text = ifUnmodifiedSince, let date = HTTPDate(text), let modified = version.lastModified,
      modified > date
    {
      return .failed
    }
    if !ifNoneMatch.isEmpty, let condition = EntityTagCondition(fields: ifNoneMatch) {
      if matchesWeakly(condition, version) { return isRead ? .notModified : .failed }
      return .proceed
    }
    if isRead, ifNoneMatch.isEmpty, let text = ifModifiedSince, let date = HTTPDate(text),
      let modified = version.lastModified, modified <= date
    {
      return .notModified
    }
    return .proceed
  }

  /// Whether a Range field counts, by If-Range (RFC 9110 section 13.1.5): without it, or with the tag, strong, or the
  /// exact date of the version.
  public static func rangeCounts(ifRange: String?, for version: ResourceVersion) -> Bool {
    guard let ifRange else { return true }
    let text = ByteText.trimmed(ifRange)
    if let tag = EntityTag(field: text) { return version.tag.map { $0.matchesStrongly(tag) } ?? false }
    if let date = HTTPDate(text) { return version.lastModified == date }
    return false
  }

  private func matchesStrongly(_ condition: EntityTagCondition, _ version: ResourceVersion) -> Bool {
    switch condition {
    case .any: version.exists
    case .tags(let tags):
      version.exists && version.tag.map { tag in tags.contains { $0.matchesStrongly(tag) } } ?? false
    }
  }

  private func matchesWeakly(_ condition: EntityTagCondition, _ version: ResourceVersion) -> Bool {
    switch condition {
    case .any: version.exists
    case .tags(let tags): version.exists && version.tag.map { tag in tags.contains { $0.matchesWeakly(tag) } } ?? false
    }
  }
}
