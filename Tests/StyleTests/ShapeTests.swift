import Testing

/// Sizes: what a person can read at one sitting.
@Suite struct ShapeTests {
  @Test func `no file has more than 500 lines`() throws {
    for path in Repository.swiftFiles {
      let count = try Repository.lines(path).count - 1
      #expect(count <= 500, "\(path): \(count) lines")
    }
  }

  @Test func `no line is longer than 100 characters`() throws {
    for path in Repository.swiftFiles {
      for (number, line) in try Repository.lines(path).enumerated() where line.count > 100 {
        // A test's name is a sentence and cannot be broken.
        if line.contains("func `") { continue }
        Issue.record("\(path):\(number + 1): \(line.count) characters")
      }
    }
  }

  @Test func `no function has more than 70 lines`() throws {
    for path in Repository.swiftFiles {
      for function in SwiftText(try Repository.text(path)).functions() {
        #expect(
          function.lineCount <= 70,
          "\(path):\(function.line): \(function.name) has \(function.lineCount) lines")
      }
    }
  }

  @Test func `the scanner counts the lines of functions and of nothing else`() {
    let source = #"""
      struct A {
        func one() {
          let text = "a { \("b { \(1) {") {" // {
          let raw = "c \" { "
        }
        init(
          x: Int
        ) throws {
        }
        /* func none() {
        } */
        func `two { three`() -> [Int]
        { [] }
      }
      protocol P {
        func required() throws
        var x: Int { get }
      }
      """#
    let found = SwiftText(source).functions().map { "\($0.line): \($0.lineCount)" }
    #expect(found == ["2: 4", "6: 4", "12: 2"])
  }

  @Test func `no path has a space in it`() {
    for path in Repository.files(in: Repository.ownFolders, ending: [""]) {
      #expect(!path.contains(" "), "\(path)")
    }
  }
}
