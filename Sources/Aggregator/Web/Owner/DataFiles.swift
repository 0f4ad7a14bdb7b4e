import Daemon
import Indicators

/// The files of the open data, made when they are asked for.
extension OwnersSite {
  /// `nil`: there is no such file.
  func dataFile(_ name: Substring) -> ((HTTPRequest) throws -> HTTPResponse)? {
    switch name {
    case "indicators.csv": { [self] in .csv(try indicatorsCSV($0.language)) }
    case "indicators.json":
      { [self] _ in
        let report = try indicatorsReport()
        var json = JSONWriter()
        report.write(to: &json)
        return .open(.json(json.text))
      }
    case "history.csv": { [self] in try historyCSV($0) }
    case "history-parts.csv": { [self] in try historyPartsCSV($0) }
    case "coverage.csv": { [self] _ in .csv(try coverageCSV()) }
    case "coverage.geojson":
      { [self] in .open(try map.answer($0, nowMs: nowMs)) }
    case "next.geojson": { [self] in try nextFile($0, isRoute: false) }
    case "next.gpx": { [self] in try nextFile($0, isRoute: true) }
    case "schema.json": { [self] _ in .open(.json(schema())) }
    case "catalog.jsonld": { [self] _ in catalogue() }
    default: nil
    }
  }

  private func indicatorsCSV(_ language: Language) throws -> String {
    var csv = CSVWriter()
    csv.row(DataSet.file("indicators.csv").fields.map(\.name))
    let latest = try store.latestIndicators(tables.indicators.filled.map(\.code))
    for indicator in try indicatorsReport().shown() {
      let cause =
        try latest[indicator.code].map {
          try ConfigNode.parse(text: $0, name: "revision").text("cause") ?? ""
        } ?? ""
      let places =
        [("", indicator.figure)]
        + VietnameseOrder.sorted(indicator.areas) { language.of($0.name) }
        .map { ($0.id, $0.figure) }
      for (area, figure) in places {
        csv.row(
          [
            indicator.code, language.of(indicator.name), indicator.unit,
            CSVWriter.number(indicator.target), "\(indicator.targetYear)", area,
          ] + CSVWriter.figure(figure) + [
            RFC3339.format(ms: indicator.computedAtMs), "\(indicator.revision)", cause,
            "\(indicator.isSimulated)",
          ])
      }
    }
    return csv.text
  }

  /// All, or the one that is asked for.
  private func codesAsked(_ request: HTTPRequest) -> Result<[String], WrongRequest> {
    let codes = tables.indicators.filled.map(\.code)
    guard let code = request.value("code") else { return .success(codes) }
    guard codes.contains(code) else {
      let legal = codes.joined(separator: ", ")
      return .failure(
        WrongRequest(
          .refusal(
            404, request.language, "Không có chỉ tiêu \(code.prefix(60)); có \(legal).",
            "There is no indicator \(code.prefix(60)); there are \(legal).")))
    }
    return .success([code])
  }

  /// The last value of each day.
  private func historyPartsCSV(_ request: HTTPRequest) throws -> HTTPResponse {
    let codes: [String]
    switch codesAsked(request) {
    case .failure(let wrong): return wrong.answer
    case .success(let found): codes = found
    }
    var csv = CSVWriter()
    csv.row(DataSet.file("history-parts.csv").fields.map(\.name))
    for code in codes {
      for history in try parts(code) {
        for point in history.points {
          csv.row([
            code, history.part.kind.rawValue, history.part.id, CSVWriter.number(point.value),
            CSVWriter.number(point.bounds.lowerBound), CSVWriter.number(point.bounds.upperBound),
            CSVWriter.number(point.unmeasuredShare), RFC3339.format(ms: point.timeMs),
            "\(point.revision)", "\(point.isSimulated)",
          ])
        }
      }
    }
    return .csv(csv.text)
  }

  private func historyCSV(_ request: HTTPRequest) throws -> HTTPResponse {
    let codes: [String]
    switch codesAsked(request) {
    case .failure(let wrong): return wrong.answer
    case .success(let found): codes = found
    }
    var csv = CSVWriter()
    csv.row(DataSet.file("history.csv").fields.map(\.name))
    for code in codes {
      for point in try store.points(code, after: 0) {
        csv.row([
          code, CSVWriter.number(point.value), CSVWriter.number(point.interval?.lowerBound),
          CSVWriter.number(point.interval?.upperBound), CSVWriter.number(point.bounds.lowerBound),
          CSVWriter.number(point.bounds.upperBound), RFC3339.format(ms: point.timeMs),
          "\(point.revision)", point.cause, "\(point.isSimulated)",
        ])
      }
    }
    return .csv(csv.text)
  }

  private func coverageCSV() throws -> String {
    var csv = CSVWriter()
    csv.row(DataSet.file("coverage.csv").fields.map(\.name))
    for plmn in try scenes.operators(nowMs: nowMs) {
      let scene = try scenes.scene(plmn, nowMs: nowMs)
      for tile in scene.tiles {
        csv.row([
          tile.tile.quadkey, plmn, tile.area.map { tables.areas.areas[$0].id } ?? "",
          "\(tile.people)", tile.state.rawValue, "\(tile.place?.bins ?? 0)",
          "\(tile.place?.covered ?? 0)", "\(tile.place?.strong ?? 0)",
          "\(tile.place?.samples ?? 0)",
          tile.place.map { RFC3339.format(ms: $0.newestMs) } ?? "", "\(scene.isSimulated)",
        ])
      }
    }
    return csv.text
  }

  private static let nextCounts = 1...500

  private func nextFile(_ request: HTTPRequest, isRoute: Bool) throws -> HTTPResponse {
    var count = 100
    if let word = request.value("count") {
      guard let number = Int(word), OwnersSite.nextCounts.contains(number) else {
        return .refusal(
          400, request.language, "count=\(word.prefix(60)) không dùng được; hãy ghi 1…500.",
          "count=\(word.prefix(60)) means nothing; give 1…500.")
      }
      count = number
    }
    switch try mapChoice(request) {
    case .failure(let wrong): return wrong.answer
    case .success(let choice):
      let next = NextTiles(scene: choice.scene, area: choice.area)
      return .open(
        isRoute
          ? HTTPResponse(
            contentType: "application/gpx+xml", body: next.gpx(count, request.language))
          : HTTPResponse(
            contentType: "application/geo+json",
            body: next.geoJSON(count, tables.areas.areas)))
    }
  }
}

extension CSVWriter {
  /// In the order of `DataSet.figureFields`.
  static func figure(_ figure: ShownIndicator.Figure) -> [String] {
    [
      figure.status, figure.verdict, number(figure.value), number(figure.interval?.lowerBound),
      number(figure.interval?.upperBound), number(figure.bounds.lowerBound),
      number(figure.bounds.upperBound), number(figure.unmeasuredShare), "\(figure.samples)",
    ]
  }
}

extension HTTPResponse {
  /// Pages of other sites may read it.
  static func open(_ answer: HTTPResponse) -> HTTPResponse {
    var answer = answer
    answer.ownHeaders += openHeaders
    return answer
  }

  static func csv(_ text: String) -> HTTPResponse {
    .open(HTTPResponse(contentType: "text/csv; charset=utf-8; header=present", body: text))
  }
}
