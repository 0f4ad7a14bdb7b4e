import Daemon

/// What is read from an X.509 certificate (RFC 5280) without another program, so that a daemon may:
/// its dates and its common name. It proves nothing; `openssl verify` does that.
package struct Certificate: Equatable, Sendable {
  /// ms since 1970.
  package let notBeforeMs: Int64
  /// ms since 1970.
  package let notAfterMs: Int64
  /// `nil`: it has none, or one that is no text.
  package let commonName: String?

  /// Days before the end from which on renewing is due.
  package static let warningDays: Int64 = 30

  /// - Parameter pem: text that holds a certificate; the first counts. `nil` where there is none.
  package init?(pem: String) {
    guard let der = Certificate.body(of: pem) else { return nil }
    self.init(der: der)
  }

  package init?(der: [UInt8]) {
    var outer = DERReader(der[...])
    // Certificate, then TBSCertificate.
    guard var certificate = outer.sequence(), var body = certificate.sequence() else { return nil }
    // version is there in every version but the first.
    if body.nextTag == DERReader.version { _ = body.element() }
    // serialNumber, signature, issuer.
    for _ in 0..<3 where body.element() == nil { return nil }
    guard var validity = body.sequence(), let notBefore = validity.timeMs(),
      let notAfter = validity.timeMs(), var subject = body.sequence()
    else { return nil }
    notBeforeMs = notBefore
    notAfterMs = notAfter
    commonName = Certificate.commonName(&subject)
  }

  /// Whole days until it ends; negative: it has ended.
  package func daysLeft(nowMs: Int64) -> Int64 {
    let left = notAfterMs - nowMs
    return left >= 0 ? left / 86_400_000 : -1
  }

  /// 2.5.4.3
  private static let commonNameOID: [UInt8] = [0x55, 0x04, 0x03]

  private static func commonName(_ subject: inout DERReader) -> String? {
    var found: String?
    while var set = subject.set() {
      while var pair = set.sequence() {
        guard let kind = pair.element(), let value = pair.element() else { return nil }
        if kind.content.elementsEqual(commonNameOID), DERReader.textTags.contains(value.tag) {
          found = String(validating: value.content, as: UTF8.self)
        }
      }
    }
    return found
  }

  private static func body(of pem: String) -> [UInt8]? {
    guard let begin = pem.firstRange(of: "-----BEGIN CERTIFICATE-----"),
      let end = pem[begin.upperBound...].firstRange(of: "-----END CERTIFICATE-----")
    else { return nil }
    return Base64.decode(pem[begin.upperBound..<end.lowerBound])
  }
}

/// The distinguished encoding of ASN.1 (X.690), as far as certificates' heads need it. Total: any
/// bytes give an element or `nil`.
struct DERReader {
  private var rest: ArraySlice<UInt8>

  struct Element {
    let tag: UInt8
    let content: ArraySlice<UInt8>
  }

  static let version: UInt8 = 0xa0
  /// UTF8String, PrintableString, IA5String.
  static let textTags: Set<UInt8> = [0x0c, 0x13, 0x16]
  private static let sequenceTag: UInt8 = 0x30
  private static let setTag: UInt8 = 0x31
  private static let utcTime: UInt8 = 0x17
  private static let generalizedTime: UInt8 = 0x18
  /// Lengths of more bytes are no certificate's.
  private static let lengthBytesMax = 3

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var nextTag: UInt8? { rest.first }

  mutating func element() -> Element? {
    guard let tag = rest.popFirst(), let first = rest.popFirst() else { return nil }
    var length = Int(first)
    if first >= 0x80 {
      let count = Int(first & 0x7f)
      guard (1...DERReader.lengthBytesMax).contains(count), rest.count >= count else { return nil }
      length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(count)
    }
    guard rest.count >= length else { return nil }
    defer { rest = rest.dropFirst(length) }
    return Element(tag: tag, content: rest.prefix(length))
  }

  mutating func sequence() -> DERReader? { constructed(DERReader.sequenceTag) }
  mutating func set() -> DERReader? { constructed(DERReader.setTag) }

  /// `YYMMDDhhmmssZ` up to 2049, `YYYYMMDDhhmmssZ` from then on (RFC 5280, 4.1.2.5).
  mutating func timeMs() -> Int64? {
    guard let element = element() else { return nil }
    var digits = String(decoding: element.content, as: UTF8.self)
    switch element.tag {
    case DERReader.utcTime: digits = (digits < "50" ? "20" : "19") + digits
    case DERReader.generalizedTime: break
    default: return nil
    }
    return CompactTime.parse(digits)
  }

  private mutating func constructed(_ tag: UInt8) -> DERReader? {
    guard nextTag == tag, let element = element() else { return nil }
    return DERReader(element.content)
  }
}

/// `YYYYMMDDhhmmssZ`, as certificates and the openssl program write moments.
package enum CompactTime {
  package static func parse(_ text: String) -> Int64? {
    let digits = Array(text.utf8)
    guard digits.count == 15, digits.last == UInt8(ascii: "Z") else { return nil }
    func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
    let day = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
    return RFC3339.parse("\(day)T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z")
  }

  package static func format(ms: Int64) -> String {
    RFC3339.format(ms: ms / 1_000 * 1_000).filter { $0 != "-" && $0 != ":" && $0 != "T" }
  }
}

/// RFC 4648, with line breaks between.
package enum Base64 {
  /// `nil` for anything that is no whole text of it.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text.utf8 where !(byte == 10 || byte == 13 || byte == 32) {
      if byte == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      guard padding == 0, let value = value(byte) else { return nil }
      bits = bits << 6 | value
      count += 1
      if count % 4 != 1 { bytes.append(UInt8(truncatingIfNeeded: bits >> shift(count))) }
    }
    return (count + padding) % 4 == 0 && padding < 3 ? bytes : nil
  }

  /// After the second, third and fourth character of a group.
  private static func shift(_ count: Int) -> UInt32 {
    switch count % 4 {
    case 2: 4
    case 3: 2
    default: 0
    }
  }

  private static func value(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
