/// One column of texts on the wire: `"text"` if every row holds it, or `[[text…], indices]`; the
/// indices are an integer column (docs/protocol.md).
enum TextColumn {
  /// - Parameter values: one entry a row; at least one, and not all `nil`.
  static func encode(_ values: [String?], into writer: inout CBORWriter) {
    var table: [String] = []
    var indexOf: [String: Int64] = [:]
    let indices = values.map { value -> Int64? in
      guard let value else { return nil }
      if let known = indexOf[value] { return known }
      let index = Int64(table.count)
      indexOf[value] = index
      table.append(value)
      return index
    }
    if table.count == 1, !indices.contains(nil) {
      writer.text(table[0])
      return
    }
    writer.array(2)
    writer.array(table.count)
    for text in table { writer.text(text) }
    IntegerColumn.encode(indices, into: &writer)
  }

  /// - Parameter limit: bytes of UTF-8 that one text may have.
  static func decode(
    from reader: inout CBORReader, count: Int, atMost limit: Int, field: Field
  ) throws(WireError) -> DecodedTextColumn {
    if reader.nextIs(.text) {
      return DecodedTextColumn(table: [try reader.text(atMost: limit)], indices: .constant(0))
    }
    let start = reader.offset
    let form = try reader.array(atMost: 2)
    guard form == 2 else { throw WireError(.range("column \(field) has no indices"), at: start) }
    var table: [String] = []
    let entries = try reader.array(atMost: count)
    guard entries > 0 else { throw WireError(.range("column \(field) has no texts"), at: start) }
    for _ in 0..<entries { table.append(try reader.text(atMost: limit)) }
    let indices = try IntegerColumn.decode(
      from: &reader, count: count, legal: 0...Int64(entries - 1), field: field)
    return DecodedTextColumn(table: table, indices: indices)
  }
}

/// A column of texts after decoding.
public struct DecodedTextColumn: Equatable, Sendable {
  /// The texts that occur.
  public let table: [String]
  /// For each row its place in `table`.
  public let indices: DecodedColumn

  static let absent = DecodedTextColumn(table: [], indices: .absent)

  public subscript(row: Int) -> String? { indices[row].map { table[Int($0)] } }
}
