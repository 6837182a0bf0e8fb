// SPDX-License-Identifier: Apache-2.0
// Descriptors as the kernel gives them out: the lowest free number first, so that a number that was closed is soon used
// again and a stale one does harm in a test as it would outside. They start far above what a process has open: one that
// strays into a real system call finds EBADF there instead of somebody's file.

struct DescriptorTable {
  static let first: Int32 = 1 << 20

  private var sockets: [VirtualNetwork.Socket?] = []
  /// No number below this one is free.
  private var lowestFree = 0
  private(set) var count = 0

  subscript(descriptor: Int32) -> VirtualNetwork.Socket? {
    get {
      let index = Int(descriptor) - Int(Self.first)
      return sockets.indices.contains(index) ? sockets[index] : nil
    }
    set {
      let index = Int(descriptor) - Int(Self.first)
      precondition(sockets.indices.contains(index) && sockets[index] != nil, "descriptor \(descriptor) is not open")
      sockets[index] = newValue
    }
  }

  mutating func insert(_ socket: VirtualNetwork.Socket) -> Int32 {
    while lowestFree < sockets.count && sockets[lowestFree] != nil { lowestFree += 1 }
    if lowestFree == sockets.count { sockets.append(nil) }
    sockets[lowestFree] = socket
    count += 1
    return Self.first + Int32(lowestFree)
  }

  mutating func remove(_ descriptor: Int32) -> VirtualNetwork.Socket? {
    let index = Int(descriptor) - Int(Self.first)
    guard sockets.indices.contains(index), let socket = sockets[index] else { return nil }
    sockets[index] = nil
    lowestFree = min(lowestFree, index)
    count -= 1
    return socket
  }
}
