import Daemon
import Synchronization
import TestSupport

/// Programs of PyPI for tests, each set in a folder of its own in the build folder; installed once.
struct PythonEnvironment {
  private let place: String
  private let folder: TemporaryFolder

  /// Tests run side by side, and several may want the same one first.
  private static let gate = Mutex(())

  /// - Parameters:
  ///   - name: of the folder; with the version, so that another version is another folder.
  ///   - folder: for what the programs print.
  ///   - install: calls `pip`.
  init(
    _ name: String, in folder: TemporaryFolder, install: (PythonEnvironment) throws -> Void
  ) throws {
    place = Repository.path(".build/\(name)")
    self.folder = folder
    try PythonEnvironment.gate.withLock { _ in
      if Files.exists("\(place)/installed") { return }
      try run(["python3", "-m", "venv", place])
      try install(self)
      try Files.writeAtomically("\(place)/installed", [])
    }
  }

  /// `pip install` with these words.
  func pip(_ words: [String]) throws {
    try run([program("python"), "-m", "pip", "install", "-q"] + words)
  }

  /// One of its programs.
  func program(_ name: String) -> String { "\(place)/bin/\(name)" }

  private func run(_ words: [String]) throws {
    let run = try output(of: "/usr/bin/env", words, in: folder, within: .seconds(600))
    guard run.exitCode == 0 else {
      throw TestFailure("\(words) cannot be installed from PyPI: \(run.text)")
    }
  }
}
