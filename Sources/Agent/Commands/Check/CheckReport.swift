package import Daemon

extension CheckReport {
  package var json: String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("passed", hasPassed)
    json.key("checks")
    json.beginArray()
    for line in lines {
      json.beginObject()
      json.member("check", line.part)
      json.member("result", line.result.rawValue)
      json.key("text")
      CheckReport.write(line.text, to: &json)
      json.key("remedy")
      if let remedy = line.remedy { CheckReport.write(remedy, to: &json) } else { json.null() }
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }

  private static func write(_ text: Bilingual, to json: inout JSONWriter) {
    json.beginObject()
    json.member("vi", text.vi)
    json.member("en", text.en)
    json.endObject()
  }
}
