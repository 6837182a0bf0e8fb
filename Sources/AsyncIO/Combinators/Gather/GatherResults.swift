// SPDX-License-Identifier: Apache-2.0
// The results of a `gather`'s bodies: one block of memory with a place for each.
//
// This type and the functions that make it are `@inlinable`, so the generic part is compiled in the users' modules, for
// their types. Unspecialized, the copy of a range into an array alone costs an allocation per element.

// `@safe`: a subscript is the index of a body, below `count`.
@safe @usableFromInline
final class GatherResults<Value> {
  // The pointer is to `count` values, initialized throughout this object's life.
  @usableFromInline let places: UnsafeMutablePointer<Value?>
  @usableFromInline let count: Int

  @inlinable
  init(count: Int) {
    self.count = count
    unsafe places = .allocate(capacity: count)
    unsafe places.initialize(repeating: nil, count: count)
  }

  @inlinable
  deinit {
    unsafe places.deinitialize(count: count)
    unsafe places.deallocate()
  }

  @inlinable
  subscript(index: Int) -> Value? {
    get { unsafe places[index] }
    set { unsafe places[index] = newValue }
  }

  /// The values. Only once all are there.
  @inlinable
  var values: [Value] { (0..<count).map { unsafe places[$0]! } }
}

/// Throws if the caller was cancelled and a body ended by that; otherwise `gatherResults` returns.
@usableFromInline
func throwIfCancelled(_ errors: some Sequence<any Error>) throws {
  guard Task.isCancelled else { return }
  for error in errors where error is CancellationError { throw error }
}
