// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

@Suite("Paths as values") struct PathValueTests {
  @Test func `components, names and parents`() {
    let path: Path = "/srv//www/./index.tar.gz"
    #expect(path.components == ["srv", "www", "index.tar.gz"])
    #expect(path.name == "index.tar.gz" && path.stem == "index.tar" && path.suffix == ".gz")
    #expect(path.parent == "/srv//www/.")
    #expect(Path("a").parent == "." && Path("/a").parent == "/" && Path("/").parent == "/")
    #expect(Path("a/b/").parent == "a")
    #expect(Path("/").name == "" && Path("a/").name == "a")
    #expect(Path(".profile").suffix == "" && Path("..").suffix == "" && Path("a.").suffix == "")
    #expect(path.isAbsolute && !Path("a").isAbsolute && Path("").isEmpty)
  }

  @Test func `joining and replacing parts`() {
    #expect("a" / "b" == Path("a/b") && "a/" / "b" == Path("a/b") && "a" / "/b" == Path("/b") && "" / "b" == Path("b"))
    #expect(Path("a/b.txt").withName("c") == "a/c" && Path("b").withName("c") == "c")
    #expect(Path("a/b.txt").withSuffix(".md") == "a/b.md" && Path("b.txt").withSuffix("") == "b")
    #expect(Path("/a/b").isBelow("/a") && Path("/a").isBelow("/a/") && !Path("/ab").isBelow("/a"))
    #expect(!Path("a/b").isBelow("/a"))
  }

  @Test func `foreign bytes are shown, and kept`() {
    let path = Path(bytes: [0x61, 0xff, 0xe2, 0x82, 0xac, 0xe2, 0x82])
    #expect(path.description == "a\\xff€\\xe2\\x82")
    #expect(Array(path.bytes) == [0x61, 0xff, 0xe2, 0x82, 0xac, 0xe2, 0x82])
  }

  @Test func `permissions are shown as ls does`() {
    #expect(FilePermissions(rawValue: 0o644).description == "rw-r--r--")
    #expect(FilePermissions(rawValue: 0o4755).description == "rwsr-xr-x")
    #expect(FilePermissions(rawValue: 0o1776).description == "rwxrwxrwT")
  }
}

@Suite("Where calls on files run") struct FileRouteTests {
  @Test func `small cached reads at once, others by the ring or the pool`() {
    #expect(FileRoute.read(65_536, isSeekable: true) == .atOnce)
    #expect(FileRoute.read(1 << 20, isSeekable: true) == .pool)
    #expect(FileRoute.read(10, isSeekable: false) == .pool)
    #expect(FileRoute.uncachedRead(isSeekable: true, ringReads: true) == .ring)
    #expect(FileRoute.uncachedRead(isSeekable: true, ringReads: false) == .pool)
    #expect(FileRoute.uncachedRead(isSeekable: false, ringReads: true) == .pool)
  }

  @Test func `writes at once where the file system takes them so`() {
    #expect(FileRoute.write(10, isSeekable: true, triesAtOnce: true, ringWrites: true) == .atOnce)
    #expect(FileRoute.write(10, isSeekable: true, triesAtOnce: false, ringWrites: true) == .pool)
    #expect(FileRoute.write(1 << 20, isSeekable: true, triesAtOnce: true, ringWrites: true) == .ring)
    #expect(FileRoute.write(1 << 20, isSeekable: true, triesAtOnce: true, ringWrites: false) == .pool)
    #expect(FileRoute.write(1 << 20, isSeekable: false, triesAtOnce: true, ringWrites: true) == .pool)
  }

  @Test func `the longest mount decides, and the later of two in one place`() {
    let text = """
      20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      21 20 0:30 / /home rw - nfs4 server:/home rw
      22 20 0:31 / /home/me/fast\\040disk rw - tmpfs none rw
      23 20 0:32 / /data rw - ext4 /dev/sdb rw
      24 23 0:33 / /data rw - fuse.sshfs me@there:/ rw
      """
    let mounts = MountTable.parse(Array(text.utf8))
    func isLocal(_ path: String) -> Bool { MountTable.isLocal(Array(path.utf8)[...], among: mounts) }
    #expect(isLocal("/etc/hosts") && isLocal("/homes/x") && isLocal("/home/me/fast disk/x"))
    #expect(!isLocal("/home/me/x") && !isLocal("/home") && !isLocal("/data/x") && !isLocal("/data"))
  }

  @Test func `only absolute paths without .. are known to be local`() {
    #expect(!MountTable.shared.isLocal("etc/hosts"))
    #expect(!MountTable.shared.isLocal("/etc/../proc/self/status"))
    #expect(!MountTable.shared.isLocal("/proc/self/status"))
  }
}
