import Daemon
import Testing

/// What somebody reads whose configuration is wrong, word for word.
@Suite struct ConfigErrorTests {
  private func message(_ text: String, _ body: (ConfigNode) throws -> Void = { _ in }) -> String {
    do {
      try body(try ConfigNode.parse(text: text, name: "agent.json5"))
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("{\n  agent: \"a\"\n  local: 1,\n}", "3: expected a comma or } after agent, found l"),
    ("{\n  agent \"a\"\n}", "2: expected : after the key agent, found \""),
    ("{\n  local: { host: \"h\",\n", "3: expected a key or }, found the end of the file"),
    ("{ a: [1, 2 }", "1: expected a comma or ] after a[1], found }"),
    ("{ a: abc }", "1: expected a value, found abc; put texts in quotes"),
    ("{ a: }", "1: expected a value, found }"),
    ("{\n\n a: 012 }", "3: 012 is no number; write it like 12, -0.5, 1e6 or 0x1f"),
    ("{ a: 1e999 }", "1: 1e999 is no number; write it like 12, -0.5, 1e6 or 0x1f"),
    ("{ a: -Infinity }", "1: -Infinity is no number; write it like 12, -0.5, 1e6 or 0x1f"),
    ("{ a: NaN }", "1: NaN is no value for a setting; give a number"),
    (
      "{ a: \"b\n\" }",
      "1: the text has no closing quote on its line; add it, or write \\n for a new line"
    ),
    ("{ a:\n 'b", "2: the text that begins here has no closing quote; add it"),
    ("{\n/* a\n", "2: the comment that begins here has no end; add */"),
    ("{ / }", "1: expected a comment after /, found /; use // or /*"),
    ("", "1: the file is empty; it must hold one object in { }"),
    ("{} {", "1: expected the end of the file, found {; remove what follows"),
    (
      "{ a: '\\ud800x' }", "1: \\ud800 is half of a surrogate pair; give both halves"
    ),
    ("{ a: '\\udc00' }", "1: \\udc00 is half of a surrogate pair; give both halves"),
    ("{ a: '\\u12g4' }", "1: expected 4 hexadecimal digits in the escape, found g"),
    ("{ a: '\\7' }", "1: \\7 is no escape of JSON5; write \\\\ for \\"),
    (
      "{\n  agent: 1,\n  local: 2,\n  agent: 3,\n}",
      "4: agent is given twice, first in line 2; remove one"
    ),
    (
      "{ local: { port: 1,\n port: 2 } }",
      "2: local.port is given twice, first in line 1; remove one"
    ),
  ])
  func `a syntax error names its line, what was expected and what is there`(
    _ text: String, _ expected: String
  ) {
    #expect(message(text) == "agent.json5:\(expected)")
  }

  @Test func `too deep a nesting is refused, however deep it is`() {
    let text = String(repeating: "[", count: 100_000)
    #expect(
      message(text) == "agent.json5:1: more than 64 levels of nesting; flatten it")
  }

  @Test func `bytes that are no UTF-8 are an error with their line`() {
    let bytes = Array("{\n a: '".utf8) + [0xff, 0xfe] + Array("' }".utf8)
    #expect {
      _ = try ConfigNode.parse(bytes: bytes, name: "agent.json5")
    } throws: {
      "\($0)" == "agent.json5:2: bytes that are no UTF-8; save the file as UTF-8"
    }
  }

  @Test func `a missing file is named with the remedy`() {
    #expect {
      _ = try ConfigNode.parse(file: "/nowhere/agent.json5")
    } throws: {
      "\($0)"
        == "/nowhere/agent.json5: cannot be read: No such file or directory; create it, or name "
        + "another file"
    }
  }

  @Test(arguments: [
    ("max_byte", "did you mean max_bytes?"), ("mxa_bytes", "did you mean max_bytes?"),
    ("lingerms", "did you mean linger_ms?"), ("colour", "known here: path, max_bytes, linger_ms"),
  ])
  func `an unknown key names the nearest known one, or all where none is near`(
    _ key: String, _ remedy: String
  ) {
    let found = message("{ buffer: {\n path: 'x',\n \(key): 5 } }") {
      try $0.required("buffer").expectKeys(["path", "max_bytes", "linger_ms"])
    }
    #expect(found == "agent.json5:3: unknown key buffer.\(key); \(remedy)")
  }

  @Test func `a missing key is named with the line of its object`() {
    #expect(
      message("{\n\n uplink: { port: 1 } }") { _ = try $0.required("uplink").required("host") }
        == "agent.json5:3: uplink.host is missing; add it to uplink, which begins here")
    #expect(
      message("{}") { _ = try $0.required("agent") }
        == "agent.json5:1: agent is missing; add it to the object, which begins here")
  }

  @Test(arguments: [
    ("90000", "is 90000, allowed 0…60000; lower it"), ("-1", "is -1, allowed 0…60000; raise it"),
    ("1e300", "is 1e300, allowed 0…60000; lower it"),
    ("9223372036854775808", "is 9223372036854775808, allowed 0…60000; lower it"),
    ("0.5", "is 0.5, but must be a whole number; change it"),
    ("'200'", "is \"200\", but must be a whole number; remove the quotes"),
    ("true", "is true, but must be a whole number; change it"),
    ("[1]", "is a list of 1, but must be a whole number; change it"),
    ("{}", "is an object of 0 keys, but must be a whole number; change it"),
    ("null", "is null, but must be a whole number; change it"),
  ])
  func `a value out of range or of the wrong type says what is legal and what to do`(
    _ value: String, _ text: String
  ) {
    let found = message("{ buffer: {\n linger_ms: \(value) } }") {
      _ = try $0.required("buffer").integer("linger_ms", in: 0...60_000, default: 200)
    }
    #expect(found == "agent.json5:2: buffer.linger_ms \(text)")
  }

  @Test func `every other type has its own words`() {
    #expect(
      message("{ a: 5 }") { _ = try $0.required("a").string() }
        == "agent.json5:1: a is 5, but must be a text in quotes; put it in quotes")
    #expect(
      message("{ a: 'yes' }") { _ = try $0.required("a").boolean() }
        == "agent.json5:1: a is \"yes\", but must be true or false; remove the quotes")
    #expect(
      message("{ a: 2 }") { _ = try $0.required("a").number(in: 0...1) }
        == "agent.json5:1: a is 2, allowed 0…1; lower it")
    #expect(
      message("{ a: 'stop' }") { _ = try $0.required("a").oneOf(["pause", "drop_oldest"]) }
        == "agent.json5:1: a is \"stop\", allowed \"pause\", \"drop_oldest\"; choose one of them")
    #expect(
      message("{ a: 'pasue' }") { _ = try $0.required("a").oneOf(["pause", "drop_oldest"]) }
        == "agent.json5:1: a is \"pasue\", allowed \"pause\", \"drop_oldest\"; did you mean "
        + "\"pause\"?")
    #expect(
      message("{ a: 'X' }") {
        _ = try $0.required("a").string(legal: "a-z") { $0 == $0.lowercased() }
      } == "agent.json5:1: a is \"X\", allowed a-z; change it")
    #expect(
      message("{ a: '' }") { _ = try $0.required("a").path() }
        == "agent.json5:1: a is \"\", allowed a path that is not empty; change it")
    #expect(
      message("[1]") { try $0.expectKeys([]) }
        == "agent.json5:1: the file is a list of 1, but must be an object in { }; change it")
  }
}
