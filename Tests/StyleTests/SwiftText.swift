/// Swift source with comments and the contents of string literals blanked out, line by line as it
/// was, so that braces and words in it are code.
struct SwiftText {
  let code: [UInt8]

  init(_ source: String) {
    var scanner = Scanner(source: Array(source.utf8))
    scanner.scan(untilClosingParenthesis: false)
    code = scanner.code
  }

  /// A function or initialiser with a body: the line of its keyword, and how many lines it takes
  /// up to its closing brace.
  struct Function {
    let name: String
    let line: Int
    let lineCount: Int
  }

  func functions() -> [Function] {
    var found: [Function] = []
    var line = 1
    for index in code.indices {
      if code[index] == UInt8(ascii: "\n") { line += 1 }
      guard let word = keyword(at: index), let end = bodyEnd(after: index + word.utf8.count) else {
        continue
      }
      let lineCount = code[index...end].count { $0 == UInt8(ascii: "\n") } + 1
      let signature = code[index...].prefix { $0 != UInt8(ascii: "\n") }
      found.append(
        Function(
          name: String(decoding: signature.prefix(60), as: UTF8.self), line: line,
          lineCount: lineCount))
    }
    return found
  }

  private func keyword(at index: Int) -> String? {
    if index > 0, isWordByte(code[index - 1]) || code[index - 1] == UInt8(ascii: ".") {
      return nil
    }
    return ["func", "init", "deinit", "subscript"].first { word in
      let end = index + word.utf8.count
      return end < code.count && code[index..<end].elementsEqual(word.utf8)
        && !isWordByte(code[end])
    }
  }

  /// Index of the closing brace; `nil` where there is no body (a requirement of a protocol).
  private func bodyEnd(after start: Int) -> Int? {
    var depth = 0
    for index in start..<code.count {
      switch code[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "{") where depth == 0: return closingBrace(from: index)
      case UInt8(ascii: "}") where depth == 0: return nil
      case UInt8(ascii: "\n") where depth == 0:
        let next = code[(index + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == 10 }
        let continues = ["{", "->", "where ", "throws", "async"].contains {
          next.starts(with: $0.utf8)
        }
        if !continues { return nil }
      default: break
      }
    }
    return nil
  }

  private func closingBrace(from open: Int) -> Int? {
    var depth = 0
    for index in open..<code.count {
      if code[index] == UInt8(ascii: "{") { depth += 1 }
      if code[index] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...:
      true
    default: false
    }
  }
}

/// Walks over source once; interpolations in strings are code again.
private struct Scanner {
  let source: [UInt8]
  var code: [UInt8] = []
  var index = 0

  init(source: [UInt8]) { self.source = source }

  mutating func scan(untilClosingParenthesis: Bool) {
    var depth = 0
    while index < source.count {
      if starts("//") {
        while index < source.count, source[index] != 10 { blank() }
      } else if starts("/*") {
        skipBlockComment()
      } else if source[index] == UInt8(ascii: "`") {
        skipRawIdentifier()
      } else if let hashes = stringStart() {
        skipString(hashes: hashes)
      } else {
        if source[index] == UInt8(ascii: "(") { depth += 1 }
        if source[index] == UInt8(ascii: ")") { depth -= 1 }
        keep()
        if untilClosingParenthesis && depth == 0 { return }
      }
    }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if starts("/*") {
        depth += 1
        blank()
      } else if starts("*/") {
        depth -= 1
        blank()
      }
      blank()
    } while depth > 0 && index < source.count
  }

  private mutating func skipRawIdentifier() {
    keep()
    while index < source.count, source[index] != UInt8(ascii: "`"), source[index] != 10 { blank() }
    if index < source.count { keep() }
  }

  /// How many `#` stand before the quote; `nil`: no string begins here.
  private func stringStart() -> Int? {
    let hashes = source[index...].prefix { $0 == UInt8(ascii: "#") }.count
    let quote = index + hashes
    return quote < source.count && source[quote] == UInt8(ascii: "\"") ? hashes : nil
  }

  private mutating func skipString(hashes: Int) {
    let fence = String(repeating: "#", count: hashes)
    for _ in 0..<hashes { blank() }
    let quotes = starts("\"\"\"") ? "\"\"\"" : "\""
    for _ in quotes.utf8 { blank() }
    while index < source.count {
      if starts(quotes + fence) {
        for _ in (quotes + fence).utf8 { blank() }
        return
      }
      if starts("\\" + fence + "(") {
        for _ in ("\\" + fence).utf8 { blank() }
        scan(untilClosingParenthesis: true)
      } else if starts("\\" + fence) {
        for _ in ("\\" + fence).utf8 { blank() }
        blank()
      } else {
        blank()
      }
    }
  }

  private func starts(_ text: String) -> Bool { source[index...].starts(with: text.utf8) }

  private mutating func keep() {
    code.append(source[index])
    index += 1
  }

  private mutating func blank() {
    guard index < source.count else { return }
    code.append(source[index] == 10 ? 10 : UInt8(ascii: " "))
    index += 1
  }
}
