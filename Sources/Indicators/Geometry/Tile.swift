#if canImport(Glibc)
  import Glibc
#endif

/// A square of the web-mercator pyramid, named by its interleaved quadkey: two bits a level, the
/// top level first, so that the squares inside one have consecutive numbers and a parent is a
/// shift.
///
/// Bins of 20.2 are z19 *cells* (71.6 m wide at 20.5° N), its tiles are z16 *tiles* (573 m).
///
/// | place | zoom | x | y | quadkey |
/// |---|---|---|---|---|
/// | 20.541° N 105.913° E | 16 | 52048 | 28945 | `1322101301030002` |
public struct Tile: Hashable, Sendable {
  /// 0 … `zoomMax`.
  public let zoom: Int
  /// 0 ..< 4^zoom; the number in the store.
  public let index: Int64

  /// The zoom of a bin's cell.
  public static let cellZoom = 19
  /// The zoom of a population tile.
  public static let tileZoom = 16
  /// Two bits a level fit an `Int64`, and x and y fit 32 bits.
  public static let zoomMax = 30

  public init(zoom: Int, index: Int64) {
    precondition((0...Tile.zoomMax).contains(zoom) && index >= 0 && index >> (2 * zoom) == 0)
    self.zoom = zoom
    self.index = index
  }

  public init(zoom: Int, x: Int, y: Int) {
    self.init(
      zoom: zoom,
      index: Int64(Tile.spread(UInt64(x)) | Tile.spread(UInt64(y)) << 1))
  }

  /// Text of digits 0 … 3; `nil` for any other text and beyond `zoomMax` digits.
  public init?(quadkey: some StringProtocol) {
    guard (1...Tile.zoomMax).contains(quadkey.utf8.count) else { return nil }
    var index: Int64 = 0
    for byte in quadkey.utf8 {
      guard (UInt8(ascii: "0")...UInt8(ascii: "3")).contains(byte) else { return nil }
      index = index << 2 | Int64(byte - UInt8(ascii: "0"))
    }
    zoom = quadkey.utf8.count
    self.index = index
  }

  /// Places beyond the projection's ±85.051129° fall into its outermost row.
  public init(latitude: Double, longitude: Double, zoom: Int) {
    let side = Double(1 << zoom)
    let place = Tile.place(latitude: latitude, longitude: longitude, zoom: zoom)
    self.init(
      zoom: zoom, x: Int(min(max(place.x, 0), side - 1)), y: Int(min(max(place.y, 0), side - 1)))
  }

  /// A position in squares of a zoom from the north-west corner, with their fractions.
  public static func place(
    latitude: Double, longitude: Double, zoom: Int
  ) -> (x: Double, y: Double) {
    let side = Double(1 << zoom)
    let sine = sin(latitude * .pi / 180)
    return (
      (longitude + 180) / 360 * side, (0.5 - log((1 + sine) / (1 - sine)) / (4 * .pi)) * side
    )
  }

  /// The z19 cell of a position, as the store keeps it.
  public static func cell(latitudeMicrodegrees: Int32, longitudeMicrodegrees: Int32) -> Int64 {
    Tile(
      latitude: Double(latitudeMicrodegrees) / 1e6, longitude: Double(longitudeMicrodegrees) / 1e6,
      zoom: cellZoom
    ).index
  }

  /// The z16 tile of a z19 cell.
  @inline(__always)
  public static func tile(ofCell cell: Int64) -> Int64 { cell >> (2 * Int64(cellZoom - tileZoom)) }

  /// Column from the west, 0 ..< 2^zoom.
  public var x: Int { Tile.gather(UInt64(index)) }
  /// Row from the north, 0 ..< 2^zoom.
  public var y: Int { Tile.gather(UInt64(index) >> 1) }

  public var quadkey: String {
    String(
      decoding: (0..<zoom).reversed().map { UInt8(ascii: "0") + UInt8(index >> (2 * $0) & 3) },
      as: UTF8.self)
  }

  /// The square that holds this one; `zoom` at most this one's.
  public func parent(zoom: Int) -> Tile {
    Tile(zoom: zoom, index: index >> (2 * (self.zoom - zoom)))
  }

  /// Edges in degrees.
  public var west: Double { Tile.longitude(Double(x), zoom) }
  public var east: Double { Tile.longitude(Double(x + 1), zoom) }
  public var north: Double { Tile.latitude(Double(y), zoom) }
  public var south: Double { Tile.latitude(Double(y + 1), zoom) }
  /// The middle in the projection.
  public var centre: (latitude: Double, longitude: Double) {
    (Tile.latitude(Double(y) + 0.5, zoom), Tile.longitude(Double(x) + 0.5, zoom))
  }

  private static func longitude(_ x: Double, _ zoom: Int) -> Double {
    x / Double(1 << zoom) * 360 - 180
  }

  private static func latitude(_ y: Double, _ zoom: Int) -> Double {
    atan(sinh(.pi * (1 - 2 * y / Double(1 << zoom)))) * 180 / .pi
  }

  /// Bit i goes to bit 2i.
  private static func spread(_ value: UInt64) -> UInt64 {
    var bits = value & 0xffff_ffff
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333
    return (bits | bits << 1) & 0x5555_5555_5555_5555
  }

  /// Bit 2i goes to bit i; the odd bits are dropped.
  private static func gather(_ value: UInt64) -> Int {
    var bits = value & 0x5555_5555_5555_5555
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff
    return Int((bits | bits >> 16) & 0xffff_ffff)
  }
}
