import Daemon
import Testing

@Suite struct JSONWriterTests {
  @Test func `members keep their order, compact or pretty`() {
    #expect(written(isPretty: false) == #"{"a":1,"b":[true,null,"x"],"c":{},"d":[],"e":0.1}"#)
    #expect(
      written(isPretty: true) == """
        {
          "a": 1,
          "b": [
            true,
            null,
            "x"
          ],
          "c": {},
          "d": [],
          "e": 0.1
        }
        """)
  }

  private func written(isPretty: Bool) -> String {
    var writer = JSONWriter(isPretty: isPretty)
    writer.beginObject()
    writer.member("a", 1)
    writer.key("b")
    writer.beginArray()
    writer.boolean(true)
    writer.null()
    writer.string("x")
    writer.endArray()
    writer.key("c")
    writer.beginObject()
    writer.endObject()
    writer.key("d")
    writer.beginArray()
    writer.endArray()
    writer.member("e", 0.1)
    writer.endObject()
    return writer.text
  }

  @Test(arguments: [
    (0.1, "0.1"), (1, "1"), (87.31, "87.31"), (1e21, "1e+21"),
    (Double.leastNonzeroMagnitude, "5e-324"),
    (-0.0, "0"), (0.1 + 0.2, "0.30000000000000004"), (.nan, "null"), (.infinity, "null"),
  ])
  func `a number has the shortest digits that give it back`(_ value: Double, _ text: String) {
    var writer = JSONWriter()
    writer.number(value)
    #expect(writer.text == text)
  }

  @Test func `texts are escaped and read back the same`() throws {
    let text = "a\"b\\c\n\r\t\u{0}\u{1f}\u{7f}é😀"
    var writer = JSONWriter()
    writer.string(text)
    #expect(writer.text == #""a\"b\\c\n\r\t\u0000\u001f\u007fé😀""#)
    #expect(try ConfigNode.parse(text: writer.text, name: "x").string() == text)
  }
}
