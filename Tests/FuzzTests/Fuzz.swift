import Daemon
import Glibc
import TestSupport
import Testing

/// One parser and what must hold of it, whatever the bytes are: it never crashes; a value that was
/// taken is legal and comes back the same; a refusal has its reason.
struct Target: Sendable {
  let name: String
  let check: @Sendable ([UInt8]) -> Void

  static let all = wire + edge + identity + province
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
