import Daemon

/// Flash wear: what this process has made the disks write.
enum DiskWrites {
  /// Bytes since the process started, as the kernel counts them in /proc/self/io (proc(5)); 0 where
  /// it does not.
  static var bytes: UInt64 {
    guard let text = try? Files.text("/proc/self/io", bytesMax: 4_096) else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("write_bytes:") {
      return UInt64(line.dropFirst("write_bytes:".count).trimmed) ?? 0
    }
    return 0
  }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " } }
}
