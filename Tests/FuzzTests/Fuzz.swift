import Daemon
import Glibc
import TestSupport
import Testing

/// One parser and what must hold of it, whatever the bytes are: it never crashes; a value that was
/// taken is legal and comes back the same; a refusal has its reason.
struct Target: Sendable {
  let name: String
  let check: @Sendable ([UInt8]) -> Void

  static let all = wire + edge + identity + probes + province + web
}

/// A property that does not hold ends the process; libFuzzer keeps the bytes.
func hold(_ condition: Bool, _ property: @autoclosure () -> String) {
  if !condition { fatalError(property()) }
}

/// The corpus, one folder for each target: inputs of every form. `make fuzz` goes on from there.
@Suite struct CorpusTests {
  static let folder = Repository.path("Tests/Resources/corpus")

  @Test(arguments: Target.all.map(\.name))
  func `every input of the corpus is taken or refused, never worse`(name: String) throws {
    let target = try #require(Target.all.first { $0.name == name })
    let inputs = try files(in: "\(Self.folder)/\(name)")
    #expect(!inputs.isEmpty)
    for path in inputs { target.check(try Files.read(path, bytesMax: 1 << 20)) }
    target.check([])
  }

  /// A short run of what `make fuzz` does for hours, without its instruments.
  @Test(arguments: Target.all.map(\.name))
  func `500 changed inputs of the corpus are taken or refused, never worse`(name: String) throws {
    let target = try #require(Target.all.first { $0.name == name })
    let inputs = try files(in: "\(Self.folder)/\(name)").map {
      try Files.read($0, bytesMax: 1 << 20)
    }
    let given = getenv("HATANG_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0 ... .max)
    // Before, for a property that does not hold ends the process.
    print("\(name): HATANG_SEED=\(seed)")
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 { target.check(Self.changed(inputs, &generator)) }
  }

  /// An input with a few bytes changed, moved, doubled, cut, or taken from another.
  private static func changed(
    _ inputs: [[UInt8]], _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = inputs.randomElement(using: &generator) ?? []
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(bytes.count, place + Int.random(in: 0...16, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
      case 1: bytes.removeSubrange(place..<end)
      case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 3: bytes.removeSubrange(place...)
      case 4:
        // What parsers trip over: signs, brackets, quotes, and the greatest numbers.
        let words = ["-", "{", "[", "\"", "9999999999999999999", "1e999", "nan", "\u{1e}", "%"]
        bytes.insert(contentsOf: (words.randomElement(using: &generator) ?? "").utf8, at: place)
      default:
        let other = inputs.randomElement(using: &generator) ?? []
        bytes.insert(contentsOf: other.prefix(64), at: place)
      }
      guard !bytes.isEmpty, place < bytes.count else { continue }
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    }
    return bytes
  }

  private func files(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw TestFailure("no folder \(folder)") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append("\(folder)/\(name)") }
    }
    return names.sorted()
  }
}
