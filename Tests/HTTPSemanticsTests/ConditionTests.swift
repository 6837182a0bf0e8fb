// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import Testing

@Suite struct EntityTagTests {
  @Test func `reads tags as RFC 9110 writes them`() {
    #expect(EntityTag(field: "\"xyzzy\"") == EntityTag("xyzzy"))
    #expect(EntityTag(field: "W/\"xyzzy\"") == EntityTag("xyzzy", isWeak: true))
    #expect(EntityTag(field: "\"\"")?.opaque == "")
    for wrong in ["", "xyzzy", "\"a b\"", "\"a\"b", "w/\"a\"", "\"a", "W/ \"a\"", "\"a\u{7F}\""] {
      #expect(EntityTag(field: wrong) == nil, "\(wrong)")
    }
    #expect(EntityTag("a\"b") == nil)
    #expect(EntityTag("a\r\nb") == nil)
  }

  /// The table of RFC 9110 section 8.8.3.2.
  @Test func `compares as the table of the RFC`() {
    let (weak1, weak2) = (EntityTag("1", isWeak: true)!, EntityTag("2", isWeak: true)!)
    let strong1 = EntityTag("1")!
    let rows: [(EntityTag, EntityTag, Bool, Bool)] = [
      (weak1, weak1, false, true), (weak1, weak2, false, false), (weak1, strong1, false, true),
      (strong1, strong1, true, true),
    ]
    for (left, right, strong, weak) in rows {
      #expect(left.matchesStrongly(right) == strong)
      #expect(left.matchesWeakly(right) == weak)
    }
  }

  @Test func `reads lists and the star`() {
    #expect(EntityTagCondition(fields: [" * "]) == .any)
    #expect(
      EntityTagCondition(fields: ["\"a\", W/\"b\"", ",\"c,d\","])
        == .tags([EntityTag("a")!, EntityTag("b", isWeak: true)!, EntityTag("c,d")!]))
    for wrong in [[], [""], ["a"], ["\"a\" \"b\""], ["*", "\"a\""], ["\"a\", b"]] {
      #expect(EntityTagCondition(fields: wrong) == nil, "\(wrong)")
    }
  }
}

@Suite struct PreconditionsTests {
  let version = ResourceVersion(tag: EntityTag("v2"), lastModified: HTTPDate("Sun, 06 Nov 1994 08:49:37 GMT"))

  @Test func `follows the order of section 13`() {
    let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    typealias Row = (String?, String?, String?, String?, Bool, Preconditions.Outcome)
    let rows: [Row] = [
      (nil, nil, nil, nil, true, .proceed),
      ("\"v2\"", nil, nil, nil, false, .proceed), ("\"v1\"", nil, nil, nil, false, .failed),
      ("W/\"v2\"", nil, nil, nil, false, .failed), ("*", nil, nil, nil, false, .proceed),
      ("nonsense", nil, nil, nil, false, .failed),
      (nil, nil, nil, before, false, .failed), (nil, nil, nil, same, false, .proceed),
      (nil, nil, nil, "nonsense", false, .proceed),
      // If-Match counts, and If-Unmodified-Since then doesn't.
      ("\"v2\"", nil, nil, before, false, .proceed),
      (nil, "\"v2\"", nil, nil, true, .notModified), (nil, "W/\"v2\"", nil, nil, true, .notModified),
      (nil, "\"v2\"", nil, nil, false, .failed), (nil, "*", nil, nil, false, .failed),
      (nil, "\"v1\"", nil, nil, true, .proceed), (nil, "*", nil, nil, true, .notModified),
      (nil, nil, same, nil, true, .notModified), (nil, nil, before, nil, true, .proceed),
      (nil, nil, same, nil, false, .proceed), (nil, nil, "nonsense", nil, true, .proceed),
      // If-None-Match counts, and If-Modified-Since then doesn't.
      (nil, "\"v1\"", same, nil, true, .proceed),
      // Both pass on to If-None-Match.
      ("\"v2\"", "\"v2\"", nil, nil, true, .notModified), ("\"v1\"", "\"v2\"", nil, nil, true, .failed),
    ]
    for (index, row) in rows.enumerated() {
      var conditions = Preconditions()
      conditions.ifMatch = row.0.map { [$0] } ?? []
      conditions.ifNoneMatch = row.1.map { [$0] } ?? []
      conditions.ifModifiedSince = row.2
      conditions.ifUnmodifiedSince = row.3
      #expect(conditions.evaluate(against: version, isRead: row.4) == row.5, "row \(index)")
    }
  }

  @Test func `creates only what does not exist`() {
    var conditions = Preconditions()
    conditions.ifNoneMatch = ["*"]
    #expect(conditions.evaluate(against: ResourceVersion(exists: false), isRead: false) == .proceed)
    conditions = Preconditions()
    conditions.ifMatch = ["*"]
    #expect(conditions.evaluate(against: ResourceVersion(exists: false), isRead: false) == .failed)
  }

  @Test func `ranges count only for the version of If-Range`() {
    #expect(Preconditions.rangeCounts(ifRange: nil, for: version))
    #expect(Preconditions.rangeCounts(ifRange: "\"v2\"", for: version))
    #expect(!Preconditions.rangeCounts(ifRange: "W/\"v2\"", for: version))
    #expect(!Preconditions.rangeCounts(ifRange: "\"v1\"", for: version))
    #expect(Preconditions.rangeCounts(ifRange: "Sun, 06 Nov 1994 08:49:37 GMT", for: version))
    #expect(!Preconditions.rangeCounts(ifRange: "Sun, 06 Nov 1994 08:49:38 GMT", for: version))
    #expect(!Preconditions.rangeCounts(ifRange: "nonsense", for: version))
  }
}
