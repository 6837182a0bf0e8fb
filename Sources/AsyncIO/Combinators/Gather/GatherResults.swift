// SPDX-License-Identifier: Apache-2.0
// Where the bodies of a `gather` put what they return: one block of memory, each at its place.
//
// This, and the functions that make one, are `@inlinable`: what is generic over the users' types is compiled in their
// modules, for these types. Unspecialized, the copy of a range into an array alone costs an allocation an element.

@usableFromInline
final class GatherResults<Value> {
  // The pointer is to `count` values, initialized from the beginning to the end of this object's life.
  @usableFromInline let places: UnsafeMutablePointer<Value?>
  @usableFromInline let count: Int

  @inlinable
  init(count: Int) {
    self.count = count
    places = .allocate(capacity: count)
    places.initialize(repeating: nil, count: count)
  }

  @inlinable
  deinit {
    places.deinitialize(count: count)
    places.deallocate()
  }

  @inlinable
  subscript(index: Int) -> Value? {
    get { places[index] }
    set { places[index] = newValue }
  }

  /// The values; only when all are there.
  @inlinable
  var values: [Value] { (0..<count).map { places[$0]! } }
}

/// What `gatherResults` returns, unless the caller was cancelled and a body ended by that.
@usableFromInline
func throwIfCancelled(_ errors: some Sequence<any Error>) throws {
  guard Task.isCancelled else { return }
  for error in errors where error is CancellationError { throw error }
}
