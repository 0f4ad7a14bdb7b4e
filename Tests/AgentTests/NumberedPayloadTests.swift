import Agent
import Protocol
import Testing

@Suite struct NumberedPayloadTests {
  @Test func `the rows of a numbered payload know their places`() {
    let found = parsed(
      #"""
      {"numbered": "gnettrack:1", "first": 40, "measurements": [
        {"lat": 1, "lon": 2, "rat": "lte"}, {"lat": 91}, {"lat": 3, "lon": 4, "rat": "lte"}]}
      """#)
    #expect(found.measurements.count == 2)
    #expect(found.rejections.map(\.reason) == ["lat is 91, allowed -90…90 °"])
    #expect(
      found.numbered
        == ParsedPayload.Numbered(id: "7/modem-1/gnettrack:1", first: 40, count: 3, places: [0, 2]))
  }

  @Test func `the keys may come in any order, and there may be no rows`() {
    let found = parsed(#"{"measurements": [], "first": 0, "numbered": "a"}"#)
    #expect(
      found.numbered
        == ParsedPayload.Numbered(id: "7/modem-1/a", first: 0, count: 0, places: []))
    #expect(found.rejections.isEmpty)
  }

  /// Found by reading: with another device's id, and rows that are wrong, a device could make the
  /// agent take that one's rows for stored.
  @Test func `what a source has numbered is not taken for another's under the same id`() throws {
    let fixture = BufferFixture()
    let writer = try fixture.open().writer
    func new(_ source: String, _ row: String) throws -> Int {
      var payload = parsed(
        #"{"numbered": "tram-1", "first": 0, "measurements": [\#(row)]}"#,
        topic: "measure/coverage/\(source)")
      try writer.keepNew(&payload)
      return payload.measurements.count
    }
    let row = #"{"lat": 1, "lon": 2, "rat": "lte"}"#
    #expect(try new("xe-02", "1") == 0)
    #expect(try new("xe-01", row) == 1)
    #expect(try new("xe-01", row) == 0)
  }

  @Test func `a long id is one of its own, and its digest stands for it`() {
    let ids = ["a", "b"].map { last in
      parsed(
        #"""
        {"numbered": "\#(String(repeating: "x", count: 127))\#(last)", "first": 0,
          "measurements": []}
        """#
      ).numbered?.id
    }
    #expect(ids[0] != ids[1] && ids.allSatisfy { $0?.utf8.count == 64 })
  }

  @Test(arguments: [
    (
      #"{"numbered": "", "first": 0, "measurements": []}"#,
      #"numbered is "", allowed a text of 1…128 bytes"#
    ),
    (
      #"{"numbered": 5, "first": 0, "measurements": []}"#,
      "numbered is 5, allowed a text of 1…128 bytes"
    ),
    (#"{"numbered": "a", "measurements": []}"#, "first is missing, allowed 0…9007199254740992"),
    (
      #"{"numbered": "a", "first": -1, "measurements": []}"#,
      "first is -1, allowed 0…9007199254740992"
    ),
    (
      #"{"numbered": "a", "first": 1.5, "measurements": []}"#,
      "first is 1.5, allowed 0…9007199254740992"
    ),
    (#"{"numbered": "a", "first": 1}"#, "measurements is missing, allowed an array of objects"),
    (
      #"{"numbered": "a", "first": 1, "measurements": {}}"#,
      "measurements is {}, allowed an array of objects"
    ),
    (
      #"{"numbered": "a", "first": 1, "measurements": [], "lat": 1}"#,
      "lat is unknown or given twice, allowed numbered, first, measurements, each once"
    ),
  ])
  func `an envelope that is wrong is rejected whole`(_ payload: String, _ reason: String) {
    let found = parsed(payload)
    #expect(found.rejections.map(\.reason) == [reason])
    #expect(found.measurements.isEmpty && found.numbered == nil)
  }
}
