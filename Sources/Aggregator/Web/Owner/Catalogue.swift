import Daemon

/// What the open data says of itself: a page, a schema, and a DCAT catalogue that CKAN harvests.
extension OwnersSite {
  /// Where the public reaches this server; without one the addresses are relative to the page.
  private var base: String { openData.url ?? "" }

  func dataPage(_ language: Language) -> String {
    let title = language.pick("Dữ liệu mở", "Open data")
    return HTML.page(language, title: title, path: "/data", live: nil) { html in
      html.element("section", "card", [("id", "terms")]) { html in
        html.element("dl") { html in
          html.term(
            language.pick("Nơi công bố", "Publisher"),
            openData.publisher ?? language.of(tables.areas.province))
          html.element("dt", nil, language.pick("Giấy phép", "Licence"))
          html.element("dd") { html in
            if let licence = openData.licence {
              html.link(licence, licence)
            } else {
              html.string(
                language.pick(
                  "chưa chọn (open_data.licence trong cấu hình)",
                  "none chosen yet (open_data.licence in the configuration)"))
            }
          }
          html.term(language.pick("Cập nhật", "Updated"), interval(language))
          html.element("dt", nil, language.pick("Danh mục", "Catalogue"))
          html.element("dd") { html in
            html.link("/catalog.jsonld", "DCAT (JSON-LD)")
            html.string(" · ")
            html.link(
              "/data/schema.json", language.pick("mô tả các cột CSV (CSVW)", "CSV columns (CSVW)"))
            html.string(" · ")
            html.link(
              "/api/v1/openapi.json",
              language.pick("API và cấu trúc JSON (OpenAPI)", "API and JSON Schemas (OpenAPI)"))
          }
        }
      }
      for set in DataSet.all {
        html.element("section", "card", [("id", set.id)]) { html in
          html.element("h2", nil, language.of(set.title))
          html.element("p", nil, language.of(set.description))
          html.element("p", "links") { html in
            for file in set.files { html.link("/data/\(file.name)", file.name) }
          }
          for file in set.files {
            guard let schema = file.schema else { continue }
            html.element("p") { html in
              html.string(
                language.pick("Cấu trúc của \(file.name): ", "Structure of \(file.name): "))
              html.link("/api/v1/openapi.json", "#/components/schemas/\(schema)")
            }
          }
          for file in set.files where !file.fields.isEmpty {
            html.element("details", nil, [("id", "f-" + file.name)]) { html in
              html.element(
                "summary", nil,
                language.pick("Các trường của \(file.name)", "Fields of \(file.name)"))
              html.element("dl") { html in
                for field in file.fields { html.term(field.name, field.text(language)) }
              }
            }
          }
        }
      }
    }
  }

  private func interval(_ language: Language) -> String {
    switch openData.interval {
    case .continuous: language.pick("liên tục", "continuously")
    case .daily: language.pick("hằng ngày", "daily")
    case .weekly: language.pick("hằng tuần", "weekly")
    case .monthly: language.pick("hằng tháng", "monthly")
    case .quarterly: language.pick("hằng quý", "quarterly")
    case .annual: language.pick("hằng năm", "annually")
    }
  }

  /// The columns of each CSV file in the words of "CSV on the Web" (W3C, tabular metadata).
  func schema() -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("@context", "http://www.w3.org/ns/csvw")
      json.arrayMember(
        "tables", DataSet.all.flatMap(\.files).filter { $0.mediaType == "text/csv" }
      ) { json, file in
        json.object { json in
          json.member("url", "\(base)/data/\(file.name)")
          json.objectMember("tableSchema") { json in
            json.arrayMember("columns", file.fields) { json, field in
              json.object { json in
                json.member("name", field.name)
                json.member("titles", field.name)
                json.member("datatype", field.kind.csv)
                if let unit = field.unit { json.member("schema:unitText", unit) }
                json.member("dc:description", text: field.meaning)
              }
            }
          }
        }
      }
    }
    return json.text
  }

  /// DCAT 2, one dataset for each `DataSet`.
  func catalogue() -> HTTPResponse {
    var json = JSONWriter(isPretty: true)
    json.object { json in
      json.objectMember("@context") { json in
        json.member("dcat", "http://www.w3.org/ns/dcat#")
        json.member("dct", "http://purl.org/dc/terms/")
        json.member("foaf", "http://xmlns.com/foaf/0.1/")
      }
      json.member("@id", "\(base)/catalog.jsonld")
      json.member("@type", "dcat:Catalog")
      let name = tables.areas.province
      json.member(
        "dct:title",
        tagged: LocalText(vi: "Chỉ tiêu số của \(name.vi)", en: "Digital indicators of \(name.en)"))
      publisher(to: &json)
      json.arrayMember("dcat:dataset", DataSet.all) { json, set in dataset(set, to: &json) }
    }
    return .open(HTTPResponse(contentType: "application/ld+json", body: json.text + "\n"))
  }

  private func dataset(_ set: DataSet, to json: inout JSONWriter) {
    json.object { json in
      json.member("@id", "\(base)/data#\(set.id)")
      json.member("@type", "dcat:Dataset")
      json.member("dct:identifier", "hatang-\(set.id)")
      json.member("dct:title", tagged: set.title)
      json.member("dct:description", tagged: set.description)
      json.objectMember("dct:accrualPeriodicity") {
        $0.member("@id", openData.interval.address)
      }
      json.objectMember("dct:conformsTo") { $0.member("@id", "\(base)/data/schema.json") }
      json.arrayMember("dcat:keyword", ["5G", "chuyển đổi số", "Nghị quyết 57-NQ/TW"]) {
        $0.string($1)
      }
      publisher(to: &json)
      json.arrayMember("dcat:distribution", set.files) { json, file in
        json.object { json in
          json.member("@id", "\(base)/data/\(file.name)")
          json.member("@type", "dcat:Distribution")
          json.member("dct:title", file.name)
          json.objectMember("dcat:accessURL") { $0.member("@id", "\(base)/data") }
          json.objectMember("dcat:downloadURL") {
            $0.member("@id", "\(base)/data/\(file.name)")
          }
          json.member("dcat:mediaType", file.mediaType)
          if let schema = file.schema {
            json.objectMember("dct:conformsTo") {
              $0.member("@id", "\(base)/api/v1/openapi.json#/components/schemas/\(schema)")
            }
          }
          if let licence = openData.licence {
            json.objectMember("dct:license") { $0.member("@id", licence) }
          }
        }
      }
    }
  }

  private func publisher(to json: inout JSONWriter) {
    json.objectMember("dct:publisher") { json in
      json.member("@type", "foaf:Organization")
      json.member("foaf:name", openData.publisher ?? tables.areas.province.vi)
    }
  }
}

extension JSONWriter {
  /// A text in both languages, as JSON-LD has it.
  fileprivate mutating func member(_ name: String, tagged text: LocalText) {
    arrayMember(name, [(Language.vi, text.vi), (Language.en, text.en)]) { json, entry in
      json.object { json in
        json.member("@language", entry.0.rawValue)
        json.member("@value", entry.1)
      }
    }
  }
}
