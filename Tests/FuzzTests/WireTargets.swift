import Packing
import Protocol

/// What comes over the uplink.
extension Target {
  static let wire = [
    Target(name: "batch") { bytes in
      guard let batch = try? Batch(decoding: bytes) else { return }
      hold((try? Batch(decoding: batch.encoded())) == batch, "a batch comes back the same")
      var ledger = StreamLedger()
      _ = try? ledger.receive(batch)
      hold(ledger.isBalanced, "next = received + lost, whatever the batch says")
      for piece in batch.segments { checkSegment(piece.bytes) }
    },
    Target(name: "segment") { checkSegment($0[...]) },
    // What lies behind DEFLATE, which keeps most changes out of the target above.
    Target(name: "segment-packed") { blocks in
      guard let packed = Deflate.pack(blocks, as: .raw) else { return }
      var writer = CBORWriter(reserving: 32 + packed.count)
      writer.map(3)
      for number in [0, 1, 1, 1_789_000_000_000, 4] as [Int64] { writer.integer(number) }
      writer.array(2)
      writer.integer(Int64(blocks.count))
      writer.byteString(packed)
      checkSegment(writer.bytes[...])
    },
    Target(name: "receipt") { bytes in
      guard let receipt = try? Receipt(decoding: bytes) else { return }
      hold((try? Receipt(decoding: receipt.encoded())) == receipt, "a receipt comes back the same")
    },
    // Its sums keep most changes out; what is behind them has the targets above.
    Target(name: "take-out") { bytes in
      var reader = TakeOutReader()
      var rest = bytes[...]
      let read: (Int) -> [UInt8] = { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      var count: UInt64 = 0
      do throws(TakeOutError) {
        while let record = try reader.next(read) {
          guard case .batch(let payload) = record else { continue }
          count += 1
          hold((try? Batch(decoding: payload)) != nil, "what the reader gives is a batch")
        }
      } catch { hold(!"\(error)".isEmpty, "an error has its reason") }
      hold(reader.totals.batches == count, "the totals are those of what was given")
    },
    Target(name: "status") { bytes in
      guard let status = try? AgentStatus(decoding: bytes) else { return }
      hold((try? AgentStatus(decoding: status.encoded())) == status, "a status comes back the same")
    },
  ]

  /// Encoding groups the rows by source, so it is the second encoding that must stay.
  private static func checkSegment(_ bytes: ArraySlice<UInt8>) {
    guard let segment = try? Segment(decoding: bytes), !segment.measurements.isEmpty else { return }
    let once = Segment.encode(segment.measurements, receivedMs: segment.receivedMs)
    guard let again = try? Segment(decoding: once[...]) else {
      fatalError("what was decoded is legal, and so can be encoded and decoded")
    }
    hold(again.receivedMs == segment.receivedMs, "the time of the commit stays")
    hold(again.measurements.count == segment.measurements.count, "no row is lost or doubled")
    let twice = Segment.encode(again.measurements, receivedMs: again.receivedMs)
    hold(twice == once, "one set of rows has one form")
  }
}
