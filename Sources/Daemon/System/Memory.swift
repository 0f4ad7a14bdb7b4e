import Glibc

/// What this process holds in memory.
package enum Memory {
  /// Gives back what only the start needed: the pages of the program's and the
  /// libraries' code. Linux maps 64 kB of a file around each byte that is touched, so after the
  /// start most of what counts as resident is code that ran once, if at all; what goes on running
  /// comes back from the page cache within a few faults.
  ///
  /// - Parameter mapped: `unchanged` of the time before there were other threads: what has been
  ///   mapped since may be unmapped, or changed, in this very moment.
  static func giveBack(_ mapped: Set<Range<UInt>>) {
    for range in unchanged where mapped.contains(range) {
      unsafe madvise(
        UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
    }
  }

  /// `unchangedFiles` of this process; nothing where the kernel does not tell.
  static var unchanged: Set<Range<UInt>> {
    guard let text = try? Files.text("/proc/self/smaps", bytesMax: 1 << 20) else { return [] }
    return Set(unchangedFiles(text))
  }

  /// Mappings of files that cannot be written and of which no page was ever changed: such a page is
  /// the same when it is read again. The relocated constants of a program are not among them.
  ///
  /// - Parameter smaps: proc_pid_smaps(5).
  package static func unchangedFiles(_ smaps: String) -> [Range<UInt>] {
    var found: [Range<UInt>] = []
    var current: Range<UInt>?
    for line in smaps.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      if let range = mapping(words) {
        if let current { found.append(current) }
        let isCandidate =
          words.count >= 6 && words[1].dropFirst().first == "-"
          && words[1].hasSuffix("p") && words[5].hasPrefix("/")
        current = isCandidate ? range : nil
      } else if words.first == "Anonymous:" || words.first == "Swap:", words[1] != "0" {
        current = nil
      }
    }
    if let current { found.append(current) }
    return found
  }

  /// `nil`: the line does not begin a mapping.
  private static func mapping(_ words: [Substring]) -> Range<UInt>? {
    guard let ends = words.first?.split(separator: "-"), ends.count == 2,
      let from = UInt(ends[0], radix: 16), let to = UInt(ends[1], radix: 16), from < to
    else { return nil }
    return from..<to
  }
}
