import Foundation
import Testing

/// Documents name what is there.
@Suite struct DocumentTests {
  @Test func `every link of a document leads to a file`() throws {
    for path in Repository.markdown {
      let folder = (path as NSString).deletingLastPathComponent
      for match in try Repository.text(path).matches(of: /\]\(([^)\s]+)\)/) {
        let link = match.1
        if link.contains("://") || link.hasPrefix("#") { continue }
        let target = String(link.prefix { $0 != "#" })
        let beside = folder.isEmpty ? target : folder + "/" + target
        #expect(Repository.exists(beside), "\(path) links to \(link)")
      }
    }
  }

  @Test func `every path of ours that a document names is there`() throws {
    for path in Repository.markdown {
      for match in try Repository.text(path).matches(of: /`([^`\s]+)`/) where isOurs(match.1) {
        #expect(Repository.exists(String(match.1)), "\(path) names \(match.1)")
      }
    }
  }

  @Test func `every document that the code refers to is there`() throws {
    let paths = Repository.files(
      in: Repository.ownFolders, ending: [".swift", ".json5", ".conf", ".service", ".sh", ".py"])
    for path in paths {
      for match in try Repository.text(path).matches(of: /\b(docs|seeds)\/[a-z0-9-]+\.md/) {
        #expect(Repository.exists(String(match.0)), "\(path) names \(match.0)")
      }
    }
  }

  @Test func `the readme has 80 lines at most`() throws {
    #expect(try Repository.lines("README.md").count - 1 <= 80)
  }

  /// A path that begins with one of our folders and is no pattern.
  private func isOurs(_ name: Substring) -> Bool {
    Repository.ownFolders.contains { name.hasPrefix($0 + "/") }
      && !name.contains { "*<…".contains($0) }
  }
}
