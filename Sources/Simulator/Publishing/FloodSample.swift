import Protocol

/// The load mode's payload: one coverage sample of exactly 200 bytes, of which only the time and
/// the position change. Times are consecutive ms, so source and time identify a sample at both
/// ends.
package struct FloodSample: Sendable {
  package let source: String
  /// The first sample's time, ms since 1970.
  package let firstMs: Int64
  private var template: [UInt8]
  private let timeAt: Int
  private let latitudeAt: Int
  private let longitudeAt: Int

  package static let bytes = 200

  /// - Parameter firstMs: 1e12 … 9,999,999,999,999, thirteen digits.
  package init(source: String, firstMs: Int64) {
    precondition((1_000_000_000_000...9_999_999_999_999).contains(firstMs))
    self.source = source
    self.firstMs = firstMs
    let head = #"{"time":"#
    let middle = #"0000000000.000,"lat":20.5"#
    let tail =
      #"0000,"lon":105.90000,"accuracy":4.5,"rat":"nr-sa","active":true,"ss_rsrp":-93.5,"#
      + #""ss_rsrq":-11.5,"ss_sinr":14.2,"plmn":"45204","band":"n78","cell":""#
    let end = #"","simulated":true}"#
    let fill = FloodSample.bytes - (head + middle + tail + end).utf8.count
    template = Array((head + middle + tail + String(repeating: "7", count: fill) + end).utf8)
    timeAt = head.utf8.count
    latitudeAt = timeAt + middle.utf8.count
    longitudeAt = latitudeAt + #"0000,"lon":105.9"#.utf8.count
  }

  /// The payload of sample `index`; the time must keep its thirteen digits.
  package mutating func payload(_ index: Int64) -> [UInt8] {
    let time = firstMs + index
    write(time / 1_000, digits: 10, at: timeAt)
    write(time % 1_000, digits: 3, at: timeAt + 11)
    // Steps that share no factor with 10,000: the place moves, and comes back after 10,000.
    write(index * 37 % 10_000, digits: 4, at: latitudeAt)
    write(index * 91 % 10_000, digits: 4, at: longitudeAt)
    return template
  }

  /// A payload that the agent can recognise when it comes twice.
  package mutating func numbered(_ index: Int64) -> [UInt8] {
    var text = Array(#"{"numbered":"\#(source)","first":\#(index),"measurements":["#.utf8)
    text += payload(index)
    text += Array("]}".utf8)
    return text
  }

  private mutating func write(_ number: Int64, digits: Int, at offset: Int) {
    var rest = number
    for position in (offset..<(offset + digits)).reversed() {
      template[position] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
  }
}
