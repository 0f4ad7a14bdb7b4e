import Agent
import Daemon
import TestSupport
import Testing

/// What is said of a wrong `mappings`: file, line, key, value met, what is legal, what to do.
@Suite struct MappingSettingsTests {
  private func message(_ mappings: String) -> String {
    let text = "{ agent: 'a', uplink: { host: 'h' }, mappings: [\n\(mappings)] }"
    do {
      _ = try AgentConfiguration(ConfigNode.parse(text: text, name: "agent.json5"))
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  /// A whole mapping with one field written as given.
  private func field(_ text: String) -> String {
    "{ topic: 'r/{id}', kind: 'coverage', source: '{id}', fields: { lat: '$.a', lon: '$.b',\n"
      + "\(text) } }"
  }

  @Test func `a mapping needs only topic, kind, source and the fields that its kind has`() {
    #expect(
      message(
        "{ topic: 'r/{id}', kind: 'service', source: '{id}',"
          + "fields: { counter: { value: 'payments' }, value: '$.n' } }") == "no error")
  }

  @Test(arguments: [
    ("{ topc: 'x' }", "2: unknown key mappings[0].topc; did you mean topic?"),
    ("{ }", "2: mappings[0].topic is missing; add it to mappings[0], which begins here"),
    ("7", "2: mappings[0] is 7, but must be an object in { }; change it"),
    (
      "{ topic: 'a/{x', kind: 'service' }",
      "2: mappings[0].topic is \"a/{x\", but level 2 is {x, allowed a text without + # { }, or the "
        + "whole level as +, # or {name}; change it"
    ),
    (
      "{ topic: 'a/#/b' }",
      "2: mappings[0].topic is \"a/#/b\", but # stands only at the end; use + here"
    ),
    (
      "{ topic: '{x}/{x}' }",
      "2: mappings[0].topic is \"{x}/{x}\", but the name {x} is given twice; rename one"
    ),
    (
      "{ topic: '{Gerät}' }",
      "2: mappings[0].topic is \"{Gerät}\", but level 1 has the name Gerät, allowed a-z 0-9 _, "
        + "1…24 characters; rename it"
    ),
    (
      "{ topic: '$SYS/x' }",
      "2: mappings[0].topic is \"$SYS/x\", but topics that begin with $ are the broker's own; "
        + "change it"
    ),
    (
      "{ topic: 'a', kind: 'coverge' }",
      "2: mappings[0].kind is \"coverge\", allowed \"coverage\", \"broadband\", \"service\"; did "
        + "you mean \"coverage\"?"
    ),
    (
      "{ topic: 'a/{x}', kind: 'service', source: '{y}', fields: {} }",
      "2: mappings[0].source is \"{y}\", which names {y}, but the topic has {x}; change one"
    ),
    (
      "{ topic: 'a', kind: 'service', source: { path: '@.x' }, fields: {} }",
      "2: mappings[0].source.path is \"@.x\", but @ is a record, and here there is none; begin "
        + "with $, or give records"
    ),
    (
      "{ topic: 'a', kind: 'service', source: 'x',\nfields: { value: '$.n' } }",
      "3: mappings[0].fields lacks counter, which every service measurement has; add it"
    ),
    (
      "'/nowhere/rut.json5'",
      "cannot be read: No such file or directory; create it, or name another file"
    ),
  ])
  func `a wrong mapping is refused with its line`(_ mapping: String, _ expected: String) {
    let found = message(mapping)
    let place = expected.hasPrefix("cannot") ? "/nowhere/rut.json5: " : "agent.json5:"
    #expect(found == place + expected)
  }

  @Test(arguments: [
    ("rrat: '$.x'", "unknown key mappings[0].fields.rrat; did you mean rat?"),
    (
      "rat: '$.x', down_bps: '$.y'",
      "unknown key mappings[0].fields.down_bps; known here: time, simulated, lat, lon, accuracy, "
        + "rat, active, ss_rsrp, ss_rsrq, ss_sinr, plmn, band, cell"
    ),
    (
      "rat: 'x'",
      "mappings[0].fields.rat is \"x\", but at column 1 must stand $ or @; mend the path"
    ),
    (
      "rat: '$.a..b'",
      "mappings[0].fields.rat is \"$.a..b\", but at column 5 must stand a name of letters, digits, "
        + "_ and -; mend the path"
    ),
    (
      "rat: '$.a[-1]'",
      "mappings[0].fields.rat is \"$.a[-1]\", but at column 5 must stand a number of 0…99999 or a "
        + "name in quotes; mend the path"
    ),
    (
      "rat: { path: '$.a', value: 'lte' }",
      "mappings[0].fields.rat.value stands beside path; remove one of them"
    ),
    ("rat: {}", "mappings[0].fields.rat has neither path nor value; give one of them"),
    (
      "rat: { value: '5G' }",
      "mappings[0].fields.rat.value is \"5G\", allowed none, nr-sa, nr-nsa, lte, hspa, umts, edge, "
        + "gsm; change it"
    ),
    (
      "rat: { path: '$.a', values: { '5G': 'nr' } }",
      "mappings[0].fields.rat.values.5G is \"nr\", allowed none, nr-sa, nr-nsa, lte, hspa, umts, "
        + "edge, gsm; change it"
    ),
    (
      "rat: { path: '$.a', values: { '1': 'lte', '1.0': 'lte' } }",
      "mappings[0].fields.rat.values.1.0 means the same as another key of values; remove one"
    ),
    (
      "rat: { path: '$.a', factor: 2 }",
      "mappings[0].fields.rat.factor is of no use for rat, no number; remove it"
    ),
    (
      "rat: { path: '$.a', unit: 'ms' }",
      "mappings[0].fields.rat.unit is of no use for rat, only for time; remove it"
    ),
    (
      "rat: '$.a', ss_rsrp: { path: '$.b', factor: 0 }",
      "mappings[0].fields.ss_rsrp.factor is 0, which makes every value the same; change it"
    ),
    (
      "rat: '$.a', ss_rsrp: { path: '$.b', factor: 1e16 }",
      "mappings[0].fields.ss_rsrp.factor is 1e16, allowed -1000000000000000…1000000000000000; "
        + "lower it"
    ),
    (
      "rat: '$.a', ss_rsrp: { path: '$.b', factor: '0.1' }",
      "mappings[0].fields.ss_rsrp.factor is \"0.1\", but must be a number; remove the quotes"
    ),
    (
      "rat: '$.a', ss_rsrp: { path: '$.b', offset: .5 }",
      "mappings[0].fields.ss_rsrp.offset is .5, allowed a number such as 0.1 or -30; write it so"
    ),
    (
      "rat: '$.a', time: { path: '$.b', unit: 'min' }",
      "mappings[0].fields.time.unit is \"min\", allowed \"s\", \"ms\", \"us\", \"ns\"; choose one "
        + "of them"
    ),
    (
      "rat: '$.a', time: { path: '$.b', utc_offset: '7' }",
      "mappings[0].fields.time.utc_offset is \"7\", allowed an offset such as +07:00; change it"
    ),
    (
      "rat: '$.a', plmn: { value: 4520 }",
      "mappings[0].fields.plmn.value is 4520, allowed 5 or 6 digits, MCC and MNC; change it"
    ),
  ])
  func `a wrong field is refused with its line`(_ text: String, _ expected: String) {
    #expect(message(field(text)) == "agent.json5:3: \(expected)")
  }

  @Test func `a number that is none, or endless, is refused with its line`() {
    #expect(
      message(field("rat: '$.a', ss_rsrp: { path: '$.b', factor: Infinity }"))
        == "agent.json5:3: Infinity is no value for a setting; give a number")
    #expect(
      message(field("rat: '$.a', ss_rsrp: { path: '$.b', factor: 1e999 }"))
        == "agent.json5:3: 1e999 is no number; write it like 12, -0.5, 1e6 or 0x1f")
  }

  @Test(arguments: ["#", "+/coverage/x", "measure/+/modem", "{a}/#"])
  func `a topic that our own devices may use is refused`(_ topic: String) {
    let mapping =
      "{ topic: '\(topic)', kind: 'service', source: 'x',"
      + " fields: { counter: { value: 'payments' }, value: '$.n' } }"
    #expect(
      message(mapping)
        == "agent.json5:2: mappings[0].topic is \"\(topic)\", which overlaps measure/#, the topics "
        + "of devices that need no mapping; narrow it")
  }

  @Test(arguments: [
    ("a/{x}/c", "a/b/+", true), ("a/#", "a", true), ("a/#", "a/b/c", true), ("a/+", "a", false),
    ("a/b", "a/c", false), ("a/+/c", "a/b/d", false), ("a/+", "a/b/c", false),
  ])
  func `two mappings that could take one message are refused`(
    _ one: String, _ two: String, _ isRefused: Bool
  ) {
    let mappings = [one, two].map {
      "{ topic: '\($0)', kind: 'service', source: 'x',"
        + " fields: { counter: { value: 'payments' }, value: '$.n' } }"
    }.joined(separator: ",\n")
    #expect(
      message(mappings)
        == (isRefused
          ? "agent.json5:3: mappings[1].topic is \"\(two)\", which overlaps \"\(one)\" of mapping "
            + "\(one) in line 2; narrow one of them" : "no error"))
  }

  @Test func `two mappings of one name are refused`() {
    let mappings = ["a", "b"].map {
      "{ name: 'rut', topic: '\($0)', kind: 'service', source: 'x',"
        + " fields: { counter: { value: 'payments' }, value: '$.n' } }"
    }.joined(separator: ",\n")
    #expect(
      message(mappings)
        == "agent.json5:3: mappings[1].name gives the mapping the name rut, which the one in line "
        + "2 has already; rename one")
  }

  @Test func `a mapping in a file of its own is read from there, and its faults name it`() throws {
    let folder = TemporaryFolder()
    folder.write("{ topic: 'a',\n kind: 'x' }", to: "m.json5")
    #expect(
      message("'\(folder.file("m.json5"))'")
        == "\(folder.file("m.json5")):2: kind is \"x\", allowed \"coverage\", \"broadband\", "
        + "\"service\"; choose one of them")
  }
}
