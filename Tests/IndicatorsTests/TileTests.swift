import Indicators
import Testing

@Test func `a place in Phủ Lý has the tile that the methodology names`() {
  let tile = Tile(latitude: 20.541, longitude: 105.913, zoom: 16)
  #expect(tile.x == 52_048)
  #expect(tile.y == 28_945)
  #expect(tile.quadkey == "1322101301030002")
  #expect(Tile(quadkey: "1322101301030002") == tile)
}

@Test func `a cell lies in the tile of its place, six bits up`() {
  let cell = Tile.cell(latitudeMicrodegrees: 20_541_000, longitudeMicrodegrees: 105_913_000)
  let tile = Tile(latitude: 20.541, longitude: 105.913, zoom: 16)
  #expect(Tile.tile(ofCell: cell) == tile.index)
  #expect(Tile(zoom: 19, index: cell).parent(zoom: 16) == tile)
}

@Test func `the edges of a tile enclose its place and meet its neighbour`() {
  let tile = Tile(latitude: 20.541, longitude: 105.913, zoom: 16)
  #expect(tile.south < 20.541 && 20.541 < tile.north)
  #expect(tile.west < 105.913 && 105.913 < tile.east)
  #expect(Tile(zoom: 16, x: tile.x + 1, y: tile.y).west == tile.east)
  #expect(Tile(zoom: 16, x: tile.x, y: tile.y + 1).north == tile.south)
  let centre = tile.centre
  #expect(Tile(latitude: centre.latitude, longitude: centre.longitude, zoom: 16) == tile)
}

@Test func `places beyond the projection fall into its outermost tiles`() {
  let side = (1 << 16) - 1
  let north = Tile(latitude: 90, longitude: 180, zoom: 16)
  #expect((north.x, north.y) == (side, 0))
  let south = Tile(latitude: -90, longitude: -180, zoom: 16)
  #expect((south.x, south.y) == (0, side))
}

@Test(arguments: ["", "4", "13221013010300x2", " 1", "1322101301030002132210130103000"])
func `a text that is no quadkey gives nothing`(text: String) {
  #expect(Tile(quadkey: text) == nil)
}

@Test func `column and row survive interleaving at every zoom`() {
  var state: UInt64 = 20_261_124
  for zoom in 1...Tile.zoomMax {
    for _ in 0..<100 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let x = Int(state >> 33) & ((1 << zoom) - 1)
      let y = Int(state >> 13) & ((1 << zoom) - 1)
      let tile = Tile(zoom: zoom, x: x, y: y)
      #expect((tile.x, tile.y) == (x, y))
      #expect(Tile(quadkey: tile.quadkey) == tile)
    }
  }
}
