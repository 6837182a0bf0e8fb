// SPDX-License-Identifier: Apache-2.0
// Gives out descriptors like the kernel: the lowest free number first. So a closed number is soon reused, and a stale
// descriptor does the harm in a test that it would do outside. The numbers start far above those that a process has
// open: one that strays into a real system call gets EBADF there instead of another file.

struct DescriptorTable {
  static let first: Int32 = 1 << 20

  private var sockets: [VirtualNetwork.Socket?] = []
  /// All numbers below this one are taken.
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
