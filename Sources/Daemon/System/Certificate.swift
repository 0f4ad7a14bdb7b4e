/// What a PEM file says of its first certificate (RFC 5280, as far as that is needed).
public enum Certificate {
  /// A chain of certificates is far smaller.
  private static let bytesMax = 1 << 20

  /// When it expires, ms since 1970; `nil` where the file cannot be read or holds no certificate.
  public static func expiryMs(ofFile path: String) -> Int64? {
    guard let text = try? Files.text(path, bytesMax: bytesMax) else { return nil }
    return expiryMs(ofPEM: text)
  }

  public static func expiryMs(ofPEM text: String) -> Int64? {
    let lines = text.split(whereSeparator: \.isNewline)
    guard let begin = lines.firstIndex(of: "-----BEGIN CERTIFICATE-----"),
      let end = lines[begin...].firstIndex(of: "-----END CERTIFICATE-----"),
      let der = Base64.decode(lines[(begin + 1)..<end].joined())
    else { return nil }
    return expiryMs(ofDER: der)
  }

  /// Certificate { TBSCertificate { [0] version, serial, signature, issuer, validity { notBefore,
  /// notAfter } … } … }
  static func expiryMs(ofDER bytes: [UInt8]) -> Int64? {
    var reader = DERReader(bytes[...])
    guard var outer = reader.enter(0x30), var certificate = outer.enter(0x30) else { return nil }
    if certificate.tag == 0xa0 { _ = certificate.next() }
    for _ in 0..<3 { _ = certificate.next() }
    guard var validity = certificate.enter(0x30), validity.next() != nil,
      let (tag, text) = validity.next()
    else { return nil }
    return time(tag, String(decoding: text, as: UTF8.self))
  }

  /// UTCTime `YYMMDDHHMMSSZ` (years 1950…2049) or GeneralizedTime `YYYYMMDDHHMMSSZ`.
  private static func time(_ tag: UInt8, _ text: String) -> Int64? {
    var digits = text
    if tag == 0x17, let year = Int(text.prefix(2)) { digits = (year < 50 ? "20" : "19") + text }
    guard tag == 0x17 || tag == 0x18, digits.utf8.count == 15, digits.last == "Z" else {
      return nil
    }
    let parts = [4, 6, 8, 10, 12].map { digits.index(digits.startIndex, offsetBy: $0) }
    let iso =
      "\(digits[..<parts[0]])-\(digits[parts[0]..<parts[1]])-\(digits[parts[1]..<parts[2]])T"
      + "\(digits[parts[2]..<parts[3]]):\(digits[parts[3]..<parts[4]]):"
      + "\(digits[parts[4]...].prefix(2))Z"
    return RFC3339.parse(iso)
  }
}

/// Walks through definite-length DER (X.690); any bytes give a value or `nil`.
private struct DERReader {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Of the element that comes next.
  var tag: UInt8? { bytes.first }

  /// The content of the next element.
  mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
    guard bytes.count >= 2, let tag = bytes.popFirst(), let first = bytes.popFirst() else {
      return nil
    }
    var count = Int(first)
    if first >= 0x80 {
      count = 0
      let lengthBytes = Int(first & 0x7f)
      guard (1...3).contains(lengthBytes) else { return nil }
      for _ in 0..<lengthBytes {
        guard let byte = bytes.popFirst() else { return nil }
        count = count << 8 | Int(byte)
      }
    }
    guard count <= bytes.count else { return nil }
    defer { bytes = bytes.dropFirst(count) }
    return (tag, bytes.prefix(count))
  }

  /// What lies in the next element, which must have this tag.
  mutating func enter(_ tag: UInt8) -> DERReader? {
    guard let (found, content) = next(), found == tag else { return nil }
    return DERReader(content)
  }
}
