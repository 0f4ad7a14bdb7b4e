import Daemon
import Glibc
import TestSupport
import Testing

/// The buffer's disk is a tmpfs of a few megabytes, filled to the brim by a file beside the buffer.
@Suite(.serialized, .enabled(if: geteuid() == 0, "only root can mount a disk"))
struct FullDiskTests {
  @Test func `a full disk pauses the intake, and space returned loses nothing`() throws {
    let (site, disk, publisher) = try SmallDisk.pausedSite { site in
      try site.startAggregator()
      site.central.kill()
    }
    disk.free()
    site.central.start()
    try site.waitUntilDelivered(through: publisher)
    let received = try site.received()
    #expect(received.missing(of: publisher.acknowledged.keys).isEmpty)
    #expect(received.doubled.isEmpty)
    #expect(received.isBalanced && received.lost == 0)
  }

  @Test func `drop_oldest declares exactly what it dropped`() throws {
    let disk = try SmallDisk(megabytes: 16)
    let site = try Site(
      buffer: Site.Buffer(
        folder: disk.path, maxBytes: 1_000_000, minFreeBytes: 1_000_000, whenFull: "drop_oldest"))
    try site.startAggregator()
    site.central.kill()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(100_000)
    try publisher.settle()
    site.central.start()
    try site.waitUntilDelivered(through: publisher)
    let received = try site.received()
    let missing = received.missing(of: publisher.acknowledged.keys)
    #expect(!missing.isEmpty)
    #expect(Int64(missing.count) == received.lost)
    #expect(received.holes.allSatisfy { $0.reason == "buffer_full" })
    #expect(received.doubled.isEmpty && received.isBalanced)
  }
}

/// A tmpfs of its own; unmounted with the test.
final class SmallDisk {
  let path: String
  private let folder: TemporaryFolder

  init(megabytes: Int) throws {
    folder = TemporaryFolder()
    path = folder.file("disk")
    guard mkdir(path, 0o755) == 0, mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0
    else {
      throw TestFailure(
        "mount tmpfs: \(String(cString: strerror(errno))); this test runs as root")
    }
  }

  deinit { umount(path) }

  /// An agent that pauses, as its buffer's disk is full to the brim.
  /// - Parameter prepare: before the agent starts.
  static func pausedSite(
    _ prepare: (Site) throws -> Void = { _ in }
  ) throws -> (site: Site, disk: SmallDisk, publisher: Publisher) {
    let disk = try SmallDisk(megabytes: 6)
    let site = try Site(
      buffer: Site.Buffer(
        folder: disk.path, minFreeBytes: 1_000_000, whenFull: "pause", keepAcknowledgedHours: 0))
    try prepare(site)
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(1_000)
    try publisher.settle()
    try disk.fill()
    // The local broker acknowledges on; what the agent does not take waits there.
    try publisher.publish(20_000)
    try publisher.settle()
    try waitUntil("the agent says that it pauses") {
      try site.folder.text(of: "status.json").contains("\"paused\"")
    }
    return (site, disk, publisher)
  }

  /// Nothing fits any more.
  func fill() throws {
    let file = open("\(path)/ballast", O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 0, count: 4_096)
    while write(file, block, block.count) > 0 {}
    guard errno == ENOSPC else { throw TestFailure("the disk did not fill up") }
  }

  func free() { unlink("\(path)/ballast") }

  /// Nobody may have a file of it open for writing.
  func remount(readOnly: Bool) throws {
    let flags = UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0)
    guard mount("tmpfs", path, "tmpfs", flags, nil) == 0 else {
      throw TestFailure("remount \(path): \(String(cString: strerror(errno)))")
    }
  }
}
