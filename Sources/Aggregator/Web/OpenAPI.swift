import Daemon

/// `/api/v1/openapi.json`, made from the table of endpoints.
enum OpenAPI {
  static let document: String = {
    var json = JSONWriter()
    json.object { json in
      json.member("openapi", "3.1.0")
      json.objectMember("info") { json in
        json.member("title", "Hạ Tầng")
        json.member("version", programVersion)
        json.member(
          "summary", "Digital indicators of a province, with the evidence for each value")
        json.member(
          "description",
          """
          Only GET and HEAD exist. Every answer has an ETag; ask with If-None-Match. Times are \
          RFC 3339 in UTC, shares 0…1; a value is in the indicator's own unit. The same objects \
          are published as retained MQTT messages, and as server-sent events on /events.
          """)
        json.objectMember("license") { $0.member("name", "Apache-2.0") }
      }
      json.objectMember("paths") { json in
        for endpoint in Endpoint.all { path(endpoint, to: &json) }
      }
      json.objectMember("components") { json in
        json.key("schemas")
        json.raw(OpenAPI.schemas)
      }
    }
    return json.text
  }()

  private static func path(_ endpoint: Endpoint, to json: inout JSONWriter) {
    json.objectMember(endpoint.path) { json in
      json.objectMember("get") { json in
        json.member("summary", endpoint.summary)
        json.member("operationId", operation(endpoint))
        json.key("parameters")
        json.beginArray()
        if endpoint.path.contains("{code}") { code(to: &json) }
        for each in endpoint.parameters { parameter(each, to: &json) }
        json.endArray()
        json.objectMember("responses") { json in
          response("200", "what was asked for", endpoint.contentType, endpoint.schema, to: &json)
          json.objectMember("304") { $0.member("description", "as it was when you asked last") }
          let errors = [
            ("400", "a parameter that is not legal"), ("401", "the access token is missing"),
            ("404", "there is no such thing"), ("413", "a body is not read"),
            ("503", "the store cannot be read now, or its state is being made again"),
          ]
          for (status, text) in errors {
            response(status, text, "application/problem+json", "Problem", to: &json)
          }
        }
      }
    }
  }

  /// `/api/v1/indicators/{code}/history` is `indicators_code_history`.
  private static func operation(_ endpoint: Endpoint) -> String {
    endpoint.path.split(separator: "/").dropFirst(2)
      .map { $0.filter { $0.isLetter || $0 == "." }.replacing(".", with: "_") }
      .joined(separator: "_")
  }

  private static func code(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", "code")
      json.member("in", "path")
      json.member("required", true)
      json.member("description", "of an indicator that is filled, such as 20.2")
      json.objectMember("schema") { json in
        json.member("type", "string")
        json.arrayMember("examples", ["20.2"]) { $0.string($1) }
      }
    }
  }

  private static func parameter(_ parameter: Endpoint.Parameter, to json: inout JSONWriter) {
    json.object { json in
      json.member("name", parameter.name)
      json.member("in", "query")
      json.member("description", parameter.text)
      json.objectMember("schema") { json in
        switch parameter.kind {
        case .text: json.member("type", "string")
        case .integer(let range):
          json.member("type", "integer")
          json.member("minimum", range.lowerBound)
          json.member("maximum", range.upperBound)
        }
      }
    }
  }

  private static func response(
    _ status: String, _ text: String, _ contentType: String, _ schema: String,
    to json: inout JSONWriter
  ) {
    json.objectMember(status) { json in
      json.member("description", text)
      json.objectMember("content") { json in
        json.objectMember(contentType) { json in
          json.objectMember("schema") { $0.member("$ref", "#/components/schemas/\(schema)") }
        }
      }
    }
  }
}
