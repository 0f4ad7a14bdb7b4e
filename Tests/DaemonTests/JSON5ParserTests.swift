import Daemon
import Testing

@Suite struct JSON5ParserTests {
  private func parse(_ text: String) throws -> ConfigNode {
    try ConfigNode.parse(text: text, name: "/etc/hatang/test.json5")
  }

  private func string(_ literal: String) throws -> String {
    try parse("{ a: \(literal) }").required("a").string()
  }

  @Test func `what JSON5 adds to JSON is read`() throws {
    let node = try parse(
      """
      // a comment
      { unquoted: 'single', "quoted": "double", /* here
        and here */ $dollar_1: .5, hex: 0xFF, plus: +3, point: 5., list: [1, 2,], }
      """)
    #expect(try node.required("unquoted").string() == "single")
    #expect(try node.required("quoted").string() == "double")
    #expect(try node.required("$dollar_1").number(in: 0...1) == 0.5)
    #expect(try node.required("hex").integer(in: 0...1_000) == 255)
    #expect(try node.required("plus").integer(in: 0...10) == 3)
    #expect(try node.required("point").integer(in: 0...10) == 5)
    #expect(try node.required("list").array().map { try $0.integer(in: 0...9) } == [1, 2])
  }

  @Test func `every value knows its line and its key`() throws {
    let node = try parse("{\r\n a: {\r b: [\n 1,\n { c: 2 } ] } }")
    let list = try node.required("a").required("b")
    #expect(list.line == 3 && list.keyPath == "a.b")
    let inner = try list.array()[1].required("c")
    #expect(inner.line == 5 && inner.keyPath == "a.b[1].c")
  }

  @Test func `escapes give the characters they stand for`() throws {
    #expect(
      try string(#""\b\f\n\r\t\v\0\'\"\\\/\x41\u00e9\q""#) == "\u{8}\u{c}\n\r\t\u{b}\0'\"\\/Aéq")
    #expect(try string(#""\ud83d\ude00""#) == "😀")
    #expect(try string("'a\\\nb\\\r\nc'") == "abc")
    #expect(try string("'Hạ Tầng \u{2028}'") == "Hạ Tầng \u{2028}")
  }

  @Test func `whole numbers keep every digit of 64 bits`() throws {
    let full = Int64.min...Int64.max
    for value in [Int64.max, .min, 0, 9_007_199_254_740_993] {
      #expect(try parse("{ a: \(value) }").required("a").integer(in: full) == value)
    }
    #expect(try parse("{ a: 2e9 }").required("a").integer(in: full) == 2_000_000_000)
    #expect(try parse("{ a: -0x10 }").required("a").integer(in: full) == -16)
  }

  @Test(arguments: ["0.1", "1e-7", "123456.789", "4.35", "1.7976931348623157e308", "5e-324"])
  func `decimal numbers are the nearest Double`(_ text: String) throws {
    let legal = 0...Double.greatestFiniteMagnitude
    let found = try parse("{ a: \(text) }").required("a").number(in: legal)
    #expect(found == Double(text))
  }

  @Test func `absent keys are nil, and objects keep their order`() throws {
    let node = try parse("{ b: null, a: 1, c: {} }")
    #expect(node["d"] == nil)
    #expect(node["b"]?.isNull == true)
    #expect(try node.object().map(\.key) == ["b", "a", "c"])
    #expect(try node.integer("d", in: 0...9, default: 7) == 7)
  }

  @Test func `a relative path is beside the file, an absolute one is not`() throws {
    #expect(try parse("{ a: 'areas.json' }").required("a").path() == "/etc/hatang/areas.json")
    #expect(try parse("{ a: '/x/y' }").required("a").path() == "/x/y")
  }

  @Test func `random and cut bytes give a value or an error with a line`() throws {
    let seed = Array(
      "{ a: [1, 'x\\u00e9', { b: -0x1f, \"c\": .5e3, }, null, true], // d\n /* e */ f: '\\\n' }"
        .utf8)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var bytes = Array(seed.prefix(Int.random(in: 0...seed.count, using: &generator)))
      for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255)
      }
      do throws(ConfigError) {
        _ = try ConfigNode.parse(bytes: bytes, name: "x")
      } catch {
        #expect(error.line != nil && !error.text.isEmpty)
      }
    }
  }
}
