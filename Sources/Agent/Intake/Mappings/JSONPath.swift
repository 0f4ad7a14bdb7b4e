/// A place in a payload, a small part of JSONPath (RFC 9535): `$` is the payload, `@` the record
/// that a mapping's `records` found; then `.name`, `['name']` or `["name"]`, and `[0]`, `[1]`, ….
/// No wildcards, no filters, no counting from the end.
struct JSONPath: Equatable, Sendable {
  let text: String
  let root: Root
  let steps: [Step]

  enum Root: Equatable, Sendable {
    case payload
    case record
  }

  enum Step: Equatable, Sendable {
    case key(String)
    case index(Int)
  }

  /// Where a path goes wrong; the column counts characters from 1.
  struct Fault: Error, Equatable {
    let column: Int
    let expected: String
  }

  static let stepsMax = JSONScanner.depthMax
  private static let indexMax = 99_999

  init(_ text: String) throws(Fault) {
    var parser = Parser(characters: Array(text))
    root = try parser.root()
    var steps: [Step] = []
    while let step = try parser.step() {
      guard steps.count < JSONPath.stepsMax else {
        throw parser.fault("at most \(JSONPath.stepsMax) steps")
      }
      steps.append(step)
    }
    self.text = text
    self.steps = steps
  }

  /// The value at this place; `nil` where the path leads nowhere. Of a key that is given twice the
  /// first one counts.
  ///
  /// - Parameter start: of the payload or of the record, by `root`; the bytes are known to be JSON.
  func find(in scanner: inout JSONScanner, from start: Int) throws(JSONFault) -> JSONScanner.Value?
  {
    scanner.rewind(to: start)
    for step in steps {
      let isThere =
        switch step {
        case .key(let name): try JSONPath.enter(name, &scanner)
        case .index(let index): try JSONPath.enter(index, &scanner)
        }
      guard isThere else { return nil }
    }
    return try scanner.value()
  }

  private static func enter(
    _ name: String, _ scanner: inout JSONScanner
  ) throws(JSONFault) -> Bool {
    guard scanner.next() == UInt8(ascii: "{"), try scanner.open(.object) else { return false }
    repeat {
      let key = try scanner.key()
      if scanner.string(key) == name { return true }
      _ = try scanner.value()
    } while try scanner.goesOn(.object)
    return false
  }

  private static func enter(
    _ index: Int, _ scanner: inout JSONScanner
  ) throws(JSONFault) -> Bool {
    guard scanner.next() == UInt8(ascii: "["), try scanner.open(.array) else { return false }
    var place = 0
    repeat {
      if place == index { return true }
      place += 1
      _ = try scanner.value()
    } while try scanner.goesOn(.array)
    return false
  }

  private struct Parser {
    let characters: [Character]
    var index = 0

    init(characters: [Character]) { self.characters = characters }

    func fault(_ expected: String) -> Fault { Fault(column: index + 1, expected: expected) }

    private var next: Character? { index < characters.count ? characters[index] : nil }

    mutating func root() throws(Fault) -> Root {
      defer { index += 1 }
      switch next {
      case "$": return .payload
      case "@": return .record
      default: throw fault("$ or @")
      }
    }

    /// `nil` at the end.
    mutating func step() throws(Fault) -> Step? {
      switch next {
      case nil: return nil
      case ".":
        index += 1
        return .key(try name())
      case "[":
        index += 1
        let step: Step =
          next == "'" || next == "\"" ? .key(try quoted()) : .index(try number())
        guard next == "]" else { throw fault("]") }
        index += 1
        return step
      default: throw fault(". or [")
      }
    }

    private mutating func name() throws(Fault) -> String {
      var name = ""
      while let character = next, isBare(character) {
        name.append(character)
        index += 1
      }
      guard !name.isEmpty else { throw fault("a name of letters, digits, _ and -") }
      return name
    }

    private func isBare(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || character == "_" || character == "-"
    }

    private mutating func quoted() throws(Fault) -> String {
      let mark = next
      index += 1
      var name = ""
      while let character = next, character != mark {
        name.append(character)
        index += 1
      }
      guard next == mark else { throw fault("the closing quote") }
      index += 1
      return name
    }

    private mutating func number() throws(Fault) -> Int {
      let start = index
      while let character = next, character.isASCII, character.isNumber { index += 1 }
      guard let number = Int(String(characters[start..<index])), number <= JSONPath.indexMax else {
        index = start
        throw fault("a number of 0…\(JSONPath.indexMax) or a name in quotes")
      }
      return number
    }
  }
}
