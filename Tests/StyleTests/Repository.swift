import Foundation

/// The package's own files, as paths below its top.
enum Repository {
  static let top = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: top.appending(path: path), encoding: .utf8)
  }

  static func lines(_ path: String) throws -> [Substring] {
    try text(path).split(separator: "\n", omittingEmptySubsequences: false)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: top.appending(path: path).path)
  }

  /// Files below the folders whose names end so, sorted.
  static func files(in folders: [String], ending: [String]) -> [String] {
    var found: [String] = []
    for folder in folders {
      let walk = FileManager.default.enumerator(atPath: top.appending(path: folder).path)
      while let name = walk?.nextObject() as? String {
        let path = folder + "/" + name
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(
          atPath: top.appending(path: path).path, isDirectory: &isFolder)
        if isFolder.boolValue || path.contains("__pycache__") { continue }
        if ending.contains(where: path.hasSuffix) { found.append(path) }
      }
    }
    return found.sorted()
  }

  static let ownFolders = [
    "Sources", "Tests", "docs", "config", "systemd", "seeds", "tools", "bench",
  ]
  static let swiftFiles = files(in: ["Sources", "Tests"], ending: [".swift"])
  static let sources = files(in: ["Sources"], ending: [".swift"])
  static let tests = files(in: ["Tests"], ending: [".swift"])
  static let markdown =
    files(in: ["docs", "seeds"], ending: [".md"]) + ["README.md", "CHANGELOG.md"]
}
