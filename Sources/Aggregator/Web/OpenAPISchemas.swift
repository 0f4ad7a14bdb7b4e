extension OpenAPI {
  /// JSON Schema (2020-12) of what the addresses give.
  static let schemas = "{" + [common, indicators, places, delivery].joined(separator: ",") + "}"

  private static let common = """
    "Problem":{"type":"object","description":"RFC 9457",
      "required":["type","title","status","detail","error"],"properties":{
        "type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},
        "detail":{"type":"string","description":"what failed and what is legal"},
        "error":{"type":"string","description":"the same for programs"}}},
    "OpenAPI":{"type":"object","required":["openapi","info","paths"]},
    "Text":{"type":"object","required":["vi","en"],"additionalProperties":false,
      "properties":{"vi":{"type":"string"},"en":{"type":"string"}}},
    "Time":{"type":["string","null"],"format":"date-time"},
    "Range":{"type":["array","null"],"minItems":2,"maxItems":2,"items":{"type":"number"}},
    "Share":{"type":["number","null"],"minimum":0,"maximum":1},
    "Count":{"type":"integer","minimum":0}
    """

  private static let indicators = """
    "Indicators":{"type":"object","required":["indicators","unfilled"],"properties":{
      "indicators":{"type":"array","items":{"$ref":"#/components/schemas/Indicator"}},
      "unfilled":{"type":"array","description":"rows of the plan that are not filled here",
        "items":{"type":"object","required":["code","name","unit","target_text","target_year"],
          "properties":{"code":{"type":"string"},"name":{"$ref":"#/components/schemas/Text"},
            "unit":{"type":"string"},"target":{"type":["number","null"]},
            "target_text":{"type":"string"},"target_year":{"type":"integer"},
            "owner":{"type":"array","items":{"type":"string"}}}}}}},
    "Figure":{"type":"object","required":["status","reason","value"],"properties":{
      "status":{"enum":["measured","insufficient_data","no_data"]},
      "reason":{"description":"why there is no value",
        "anyOf":[{"$ref":"#/components/schemas/Text"},{"type":"null"}]},
      "verdict":{"type":"string"},
      "value":{"type":["number","null"],"description":"null unless measured"},
      "interval":{"description":"95 %","$ref":"#/components/schemas/Range"},
      "bounds":{"description":"if everything unmeasured were bad, good",
        "$ref":"#/components/schemas/Range"},
      "numerator":{"type":["number","null"]},"denominator":{"type":["number","null"]},
      "unmeasured_share":{"$ref":"#/components/schemas/Share"},
      "samples":{"$ref":"#/components/schemas/Count"},
      "sources":{"$ref":"#/components/schemas/Count"},
      "oldest":{"$ref":"#/components/schemas/Time"},
      "newest":{"$ref":"#/components/schemas/Time"},
      "details":{"type":"object","description":"what only this kind of indicator has"}}},
    "Indicator":{"allOf":[{"$ref":"#/components/schemas/Figure"},{"type":"object",
      "required":["code","name","unit","target","target_year","method"],"properties":{
        "code":{"type":"string"},"name":{"$ref":"#/components/schemas/Text"},
        "unit":{"type":"string"},"target":{"type":["number","null"]},
        "target_year":{"type":"integer"},"owner":{"type":"array","items":{"type":"string"}},
        "computed_at":{"$ref":"#/components/schemas/Time"},
        "revision":{"$ref":"#/components/schemas/Count"},"cause":{"type":"string"},
        "method":{"type":"string"},"parameters":{"type":"object"},
        "population_table":{"type":["string","null"]},"simulated":{"type":"boolean"},
        "trend":{"type":["object","null"],"properties":{"per_year":{"type":"number"},
          "interval":{"$ref":"#/components/schemas/Range"},"at_target_year":{"type":"number"},
          "at_target_year_interval":{"$ref":"#/components/schemas/Range"},
          "outlook":{"enum":["on_track","at_risk","unknown"]}}},
        "areas":{"type":"array","items":{"allOf":[{"$ref":"#/components/schemas/Figure"},
          {"type":"object","required":["area","name"],"properties":{
            "area":{"type":"string"},"name":{"$ref":"#/components/schemas/Text"}}}]}}}}]},
    "History":{"type":"object","required":["code","revisions","next"],"properties":{
      "code":{"type":"string"},
      "revisions":{"type":"array","items":{"type":"object",
        "required":["revision","computed_at","cause","status","value"],"properties":{
          "revision":{"$ref":"#/components/schemas/Count"},
          "computed_at":{"$ref":"#/components/schemas/Time"},"cause":{"type":"string"},
          "status":{"type":"string"},"verdict":{"type":"string"},
          "value":{"type":["number","null"]},"interval":{"$ref":"#/components/schemas/Range"},
          "bounds":{"$ref":"#/components/schemas/Range"},
          "unmeasured_share":{"$ref":"#/components/schemas/Share"},
          "samples":{"$ref":"#/components/schemas/Count"},"simulated":{"type":"boolean"}}}},
      "next":{"type":["integer","null"],"description":"give it as `after` for older ones"}}}
    """

  private static let places = """
    "Areas":{"type":"object","required":["province","areas"],"properties":{
      "province":{"$ref":"#/components/schemas/Text"},
      "population_table":{"type":["string","null"]},
      "areas":{"type":"array","items":{"type":"object",
        "required":["area","name","population","households"],"properties":{
          "area":{"type":"string"},"name":{"$ref":"#/components/schemas/Text"},
          "population":{"$ref":"#/components/schemas/Count"},
          "households":{"type":["integer","null"]}}}}}},
    "Point":{"type":"array","description":"longitude, latitude; WGS 84, degrees",
      "prefixItems":[{"type":"number","minimum":-180,"maximum":180},
        {"type":"number","minimum":-90,"maximum":90}],"minItems":2,"maxItems":2},
    "Coverage":{"type":"object","description":"RFC 7946; a polygon for each z16 tile",
      "required":["type","simulated","features"],"additionalProperties":false,
      "properties":{"type":{"const":"FeatureCollection"},"simulated":{"type":"boolean"},
        "features":{"type":"array","items":{"type":"object",
          "required":["type","properties","geometry"],"additionalProperties":false,
          "properties":{"type":{"const":"Feature"},
            "properties":{"oneOf":[{"$ref":"#/components/schemas/CoverageTile"},
              {"$ref":"#/components/schemas/CoverageTileOfOne"}]},
            "geometry":{"type":"object","required":["type","coordinates"],"properties":{
              "type":{"const":"Polygon"},
              "coordinates":{"type":"array","minItems":1,"maxItems":1,"items":{"type":"array",
                "minItems":5,"maxItems":5,
                "items":{"$ref":"#/components/schemas/Point"}}}}}}}}}},
    "CoverageTile":\(tile),
    "CoverageTileOfOne":\(tileOfOne),
    "CoverageOperator":\(sight),
    "NextTiles":{"type":"object","description":"RFC 7946; of /data/next.geojson",
      "required":["type","operator","simulated","unmeasured_tiles","features"],
      "additionalProperties":false,"properties":{"type":{"const":"FeatureCollection"},
        "operator":{"type":"string"},"simulated":{"type":"boolean"},
        "unmeasured_tiles":{"$ref":"#/components/schemas/Count"},
        "features":{"type":"array","items":{"type":"object",
          "required":["type","properties","geometry"],"additionalProperties":false,
          "properties":{"type":{"const":"Feature"},"properties":\(next),
            "geometry":{"type":"object","required":["type","coordinates"],"properties":{
              "type":{"const":"Point"},
              "coordinates":{"$ref":"#/components/schemas/Point"}}}}}}}}
    """

  private static let tile = DataField.schema(
    DataSet.placeFields,
    more: [
      (
        "operators",
        "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/CoverageOperator\"}}"
      )
    ])
  /// With `?operator=`.
  private static let tileOfOne = DataField.schema(DataSet.placeFields + DataSet.sightFields)
  private static let sight = DataField.schema(DataSet.sightFields)
  private static let next = DataField.schema(DataSet.nextFields)

  private static let delivery = """
    "Agents":{"type":"object","required":["agents","next"],"properties":{
      "agents":{"type":"array","items":{"type":"object",
        "required":["agent","online","last_seen","backlog","oldest_unsent_seconds","rejected"],
        "properties":{"agent":{"type":"string"},"online":{"type":"boolean"},
          "last_seen":{"$ref":"#/components/schemas/Time"},"version":{"type":["string","null"]},
          "backlog":{"$ref":"#/components/schemas/Count"},
          "oldest_unsent_seconds":{"type":"integer"},
          "clock_offset_ms":{"type":["integer","null"],"description":"agent's clock less ours"},
          "clock_corrections":{"type":"array",
            "description":"what its clock stamped before it was right; evidence none: unconfirmed",
            "items":{"type":"object","required":["evidence","measurements","last_ms"],"properties":{
              "evidence":{"type":"string"},"measurements":{"$ref":"#/components/schemas/Count"},
              "last_at":{"$ref":"#/components/schemas/Time"},
              "last_ms":{"type":"integer","description":"added to the last"},
              "least_ms":{"type":"integer"},"most_ms":{"type":"integer"}}}},
          "accepted":{"$ref":"#/components/schemas/Count"},
          "rejected":{"$ref":"#/components/schemas/Count"},
          "buffer_bytes":{"$ref":"#/components/schemas/Count"},
          "written_bytes":{"$ref":"#/components/schemas/Count"},
          "simulated":{"type":"boolean"},
          "since":{"description":"of the state","$ref":"#/components/schemas/Time"},
          "certificate_expires":{"$ref":"#/components/schemas/Time",
            "description":"what it says, or what was issued: the earlier"},
          "written_bytes_per_day":{"type":["number","null"]},
          "over_quota":{"$ref":"#/components/schemas/Count"},
          "over_quota_at":{"$ref":"#/components/schemas/Time"},
          "last_received":{"type":"object","description":"by kind",
            "additionalProperties":{"$ref":"#/components/schemas/Time"}}}}},
      "next":{"type":["string","null"],"description":"give it as `after` for more"}}},
    "Ledger":{"type":"object","required":["streams","totals","next"],"properties":{
      "streams":{"type":"array","items":{"type":"object",
        "required":["agent","stream","next","received","duplicates","lost","holes"],
        "properties":{"agent":{"type":"string"},"stream":{"type":"string"},
          "next":{"type":"integer","description":"received + lost"},
          "received":{"type":"integer"},"duplicates":{"type":"integer"},
          "lost":{"type":"integer"},
          "holes":{"type":"array","items":{"type":"object","required":["first","last","reason"],
            "properties":{"first":{"type":"integer"},"last":{"type":"integer"},
              "reason":{"type":"string"}}}},
          "holes_left_out":{"type":"integer","description":"older ones, where there are very many"},
          "first_received_at":{"$ref":"#/components/schemas/Time"},
          "last_received_at":{"$ref":"#/components/schemas/Time"}}}},
      "totals":{"type":"object","description":"of all streams","required":["streams","balanced"]},
      "refusals":{"type":"array","items":{"type":"object"}},
      "set_aside":{"type":"array","items":{"type":"object"}},
      "next":{"type":["string","null"],"description":"give it as `after` for more"}}}
    """
}
