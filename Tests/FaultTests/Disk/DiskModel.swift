import TestSupport

/// What a disk holds durably, and what it was told and may still lose: the same events in the same
/// order as the program's disk, and from each point of them any number of images that a power cut
/// could leave.
///
/// What holds: bytes written before a sync of their file are there after it, and a name changed
/// before a sync of the folder is. Everything else may have reached the disk or not:
///
/// | of | may be |
/// |---|---|
/// | the writes of a file since its sync | none, all, or the first few and a piece of the next |
/// | each sector (512 or 4,096 bytes) of a file | as of any moment since the sync, on its own |
/// | a file's new length | there before what fills it (zeros) |
/// | changes of names since the folder's sync | the first few (journals keep the order) |
struct DiskModel {
  private var files: [FileNumber: File] = [:]
  private var names: [String: FileNumber] = [:]
  private var pendingNames: [NameChange] = []
  /// `false`: as under `PRAGMA synchronous = OFF`, or on a disk that lies.
  let honoursSync: Bool

  private struct File {
    var durable: [UInt8] = []
    var pending: [Change] = []
  }

  private enum Change {
    case write(at: Int, [UInt8])
    case truncate(to: Int)
  }

  private enum NameChange {
    case link(String, FileNumber)
    case unlink(String)
    case rename(String, to: String)
  }

  init(honoursSync: Bool = true) { self.honoursSync = honoursSync }

  mutating func apply(_ event: DiskEvent) {
    switch event {
    case .link(let name, let file):
      files[file] = File()
      pendingNames.append(.link(name, file))
    case .unlink(let name): pendingNames.append(.unlink(name))
    case .rename(let from, let to): pendingNames.append(.rename(from, to: to))
    case .replace(let name, let file, let bytes):
      files[file] = File(durable: bytes)
      pendingNames.append(.link(name, file))
    case .syncFolder:
      for change in pendingNames { DiskModel.apply(change, to: &names) }
      pendingNames.removeAll()
    case .write(let file, let offset, let bytes):
      files[file]?.pending.append(.write(at: offset, bytes))
    case .truncate(let file, let size): files[file]?.pending.append(.truncate(to: size))
    case .sync(let file):
      guard honoursSync, var known = files[file] else { return }
      for change in known.pending { DiskModel.apply(change, to: &known.durable) }
      known.pending.removeAll()
      files[file] = known
    case .promise: break
    }
  }

  /// Everything arrived: the disk of a program that was killed while the power stayed.
  func wholeImage() -> [String: [UInt8]] {
    var names = names
    for change in pendingNames { DiskModel.apply(change, to: &names) }
    return names.mapValues { number in
      var bytes = files[number]?.durable ?? []
      for change in files[number]?.pending ?? [] { DiskModel.apply(change, to: &bytes) }
      return bytes
    }
  }

  /// Nothing arrived but what was synced.
  var durableImage: [String: [UInt8]] { names.mapValues { files[$0]?.durable ?? [] } }

  /// What a power cut may leave here.
  func image(using generator: inout SeededGenerator) -> [String: [UInt8]] {
    var names = names
    let kept = generator.once(in: 3) ? 0 : Int.random(in: 0...pendingNames.count, using: &generator)
    for change in pendingNames.prefix(kept) { DiskModel.apply(change, to: &names) }
    let style = Int.random(in: 0..<6, using: &generator)
    var image: [String: [UInt8]] = [:]
    // In a fixed order, so that the seed alone decides.
    for (name, number) in names.sorted(by: { $0.key < $1.key }) {
      guard let file = files[number] else { continue }
      image[name] = DiskModel.torn(file, style, &generator)
      // The log's index is made anew whatever it holds.
      if name.hasSuffix("-wal"), generator.once(in: 4) {
        let index = String(name.dropLast(4)) + "-shm"
        image[index] = (0..<32_768).map { _ in UInt8.random(in: 0...255, using: &generator) }
      }
    }
    return image
  }

  private static func torn(
    _ file: File, _ style: Int, _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = file.durable
    if file.pending.isEmpty { return bytes }
    let sector = generator.once(in: 2) ? 512 : 4_096
    switch style {
    case 0: break
    case 1: for change in file.pending { apply(change, to: &bytes) }
    case 2:
      let count = Int.random(in: 0..<file.pending.count, using: &generator)
      for change in file.pending.prefix(count) { apply(change, to: &bytes) }
      guard case .write(let offset, let written) = file.pending[count] else { break }
      // Ends at a sector, or anywhere.
      var end = offset + Int.random(in: 0...written.count, using: &generator)
      if !generator.once(in: 4) { end = max(offset, end / sector * sector) }
      apply(.write(at: offset, Array(written.prefix(end - offset))), to: &bytes)
    default: applySectors(file.pending, to: &bytes, sector, &generator)
    }
    if style == 5 {
      // The length arrived, what fills it did not.
      var whole = file.durable
      for change in file.pending { apply(change, to: &whole) }
      if whole.count > bytes.count {
        bytes += [UInt8](repeating: 0, count: whole.count - bytes.count)
      }
    }
    return bytes
  }

  /// Each sector, and the cuts of the length, as of a moment of its own.
  private static func applySectors(
    _ changes: [Change], to bytes: inout [UInt8], _ sector: Int,
    _ generator: inout SeededGenerator
  ) {
    var moments: [Int: Int] = [:]
    func isDone(_ index: Int, _ place: Int) -> Bool {
      let moment = moments[place] ?? Int.random(in: 0...changes.count, using: &generator)
      moments[place] = moment
      return index < moment
    }
    for (index, change) in changes.enumerated() {
      switch change {
      case .truncate: if isDone(index, -1) { apply(change, to: &bytes) }
      case .write(let offset, let written):
        var start = offset
        while start < offset + written.count {
          let end = min(offset + written.count, (start / sector + 1) * sector)
          if isDone(index, start / sector) {
            let part = Array(written[(start - offset)..<(end - offset)])
            apply(.write(at: start, part), to: &bytes)
          }
          start = end
        }
      }
    }
  }

  private static func apply(_ change: Change, to bytes: inout [UInt8]) {
    switch change {
    case .truncate(let size):
      if size < bytes.count { bytes.removeLast(bytes.count - size) }
      if size > bytes.count { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
    case .write(let offset, let written):
      if written.isEmpty { return }
      let end = offset + written.count
      if end > bytes.count { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
      bytes.replaceSubrange(offset..<end, with: written)
    }
  }

  private static func apply(_ change: NameChange, to names: inout [String: FileNumber]) {
    switch change {
    case .link(let name, let file): names[name] = file
    case .unlink(let name): names[name] = nil
    case .rename(let from, let to):
      if let file = names.removeValue(forKey: from) { names[to] = file }
    }
  }
}
