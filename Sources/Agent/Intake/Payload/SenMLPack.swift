import Protocol

/// A SenML pack (RFC 8428) as measurements.
///
/// - A record's full name is `bn` + `n`. What follows its last `:`, `/` or `.` is the field, what
///   stands before is the device: `urn:dev:mac:0024befffe804ff1:ss_rsrp` gives field `ss_rsrp`.
/// - Records of one device with the same resolved time make one measurement. Its source stays that
///   of the topic.
/// - Time is `bt` + `t`; below 2^28 it is relative to the arrival (section 4.5.3), and then, as
///   without any time, the measurement's clock is the agent's.
/// - Numbers are `bv` + `v` in unit `u` or `bu`, converted where SenML's unit differs
///   (`SenMLUnit`); without a unit they are in the field's own. Texts are `vs`, flags `vb`.
/// - A record without a value only sets base values. `s` (a sum) and `vd` (data) have no field that
///   could hold them.
/// - A field that is wrong rejects the measurement that it belongs to; the others are kept. A base
///   value that is wrong, or a label that must be understood and is not, rejects the whole pack.
struct SenMLPack {
  private let table: FieldTable
  private let arrivalMs: Int64
  private var base = Base()
  private var groups: [Group] = []
  private var groupOf: [GroupKey: Int] = [:]
  private var unknownFields: [String] = []
  /// Faults that belong to no measurement.
  private var faults: [MeasurementDraft.Fault] = []
  /// Makes the whole pack void: without it the records that follow would mean something else.
  private var spoiled: MeasurementDraft.Fault?
  private var recordCount = 0

  /// What the records so far have set for those that follow.
  struct Base {
    var name = ""
    var time = DecimalNumber.zero
    var unit: String?
    var value = DecimalNumber.zero
  }

  private struct GroupKey: Hashable {
    let device: String
    /// ms since 1970.
    let timeMs: Int64
  }

  private struct Group {
    var draft = MeasurementDraft()
    var fault: MeasurementDraft.Fault?
  }

  /// Seconds; smaller times are relative to now (RFC 8428, section 4.5.3).
  private static let relativeBelow: Int64 = 268_435_456
  /// The version of SenML that RFC 8428 describes.
  private static let versionMax: Int64 = 10

  init(table: FieldTable, arrivalMs: Int64) {
    self.table = table
    self.arrivalMs = arrivalMs
  }

  /// Whether the array's first element is an object with `n` or `bn`. The scanner stays where it
  /// was.
  static func isPack(_ scanner: inout JSONScanner) throws(JSONFault) -> Bool {
    let start = scanner.index
    defer { scanner.rewind(to: start) }
    guard try scanner.open(.array), scanner.next() == UInt8(ascii: "{"),
      try scanner.open(.object)
    else { return false }
    repeat {
      let key = try scanner.key()
      if key.range.count <= 2, let name = scanner.string(key), name == "n" || name == "bn" {
        return true
      }
      _ = try scanner.value(depth: 3)
    } while try scanner.goesOn(.object)
    return false
  }

  mutating func parse(_ scanner: inout JSONScanner) throws(JSONFault) {
    guard try scanner.open(.array) else { return }
    repeat {
      recordCount += 1
      guard scanner.next() == UInt8(ascii: "{") else {
        let value = try scanner.value(depth: 2)
        fault("payload", "record is \(scanner.shown(value.range)), allowed an object")
        continue
      }
      var record = SenMLRecord()
      if try scanner.open(.object) {
        repeat {
          let key = try scanner.key()
          record.set(key, try scanner.value(depth: 3), in: scanner)
        } while try scanner.goesOn(.object)
      }
      if recordCount <= PayloadParser.rowsMax { take(record, scanner) }
    } while try scanner.goesOn(.array)
  }

  /// Hands over the measurements, in the order in which each began.
  func finish(into rows: inout PayloadRows) {
    guard recordCount <= PayloadParser.rowsMax else {
      rows.reject(
        "payload",
        "payload has \(recordCount) records, allowed 1…\(PayloadParser.rowsMax); send it in parts")
      return
    }
    if let spoiled {
      rows.reject(spoiled.field, spoiled.reason)
      return
    }
    for name in unknownFields { rows.count(unknownField: name) }
    for fault in faults { rows.reject(fault.field, fault.reason) }
    for group in groups {
      do throws(MeasurementDraft.Fault) {
        if let fault = group.fault { throw fault }
        try rows.take(group.draft)
      } catch { rows.reject(error.field, error.reason) }
    }
  }

  private mutating func fault(_ field: String, _ reason: String) {
    faults.append(MeasurementDraft.Fault(field: field, reason: reason))
  }

  // MARK: Records

  private mutating func take(_ record: SenMLRecord, _ scanner: JSONScanner) {
    if let problem = record.problem, SenMLRecord.spoilsPack(problem.field) {
      spoiled = spoiled ?? problem
      return
    }
    if let version = record.version, !(1...SenMLPack.versionMax).contains(version) {
      let reason = "bver is \(version), allowed 1…\(SenMLPack.versionMax)"
      spoiled = spoiled ?? MeasurementDraft.Fault(field: "bver", reason: reason)
      return
    }
    base.name = record.baseName ?? base.name
    base.time = record.baseTime ?? base.time
    base.unit = record.baseUnit ?? base.unit
    base.value = record.baseValue ?? base.value
    if let problem = record.problem, ["n", "t"].contains(problem.field) {
      fault(problem.field, problem.reason)
      return
    }
    guard record.hasContent else { return }
    let name = base.name + (record.name ?? "")
    let split = SenMLPack.split(name)
    guard !split.field.isEmpty else {
      fault("n", "n is \"\(name.prefix(48))\", allowed a name that ends in a field")
      return
    }
    guard let short = ShortName(split.field.utf8), let entry = table[short],
      entry.field != .time
    else {
      unknownFields.append(String(split.field.prefix(JSONScanner.shownBytesMax)))
      return
    }
    guard let time = resolvedTime(record) else {
      fault("time", MeasurementDraft.illegal(.time, "bt + t out of range").reason)
      return
    }
    let index = group(device: String(split.device), time)
    guard groups[index].fault == nil else { return }
    do throws(MeasurementDraft.Fault) {
      if let problem = record.problem { throw problem }
      try record.fill(&groups[index].draft, entry, base, scanner)
    } catch { groups[index].fault = error }
  }

  /// The group's index; a new group has its time.
  private mutating func group(device: String, _ time: (ms: Int64, isArrival: Bool)) -> Int {
    let key = GroupKey(device: device, timeMs: time.ms)
    if let index = groupOf[key] { return index }
    var group = Group()
    do throws(MeasurementDraft.Fault) {
      try group.draft.set(
        timeMs: time.ms, origin: time.isArrival ? .arrival : .device,
        shown: { "\(time.ms / 1_000)" })
    } catch { group.fault = error }
    groups.append(group)
    groupOf[key] = groups.count - 1
    return groups.count - 1
  }

  private func resolvedTime(_ record: SenMLRecord) -> (ms: Int64, isArrival: Bool)? {
    guard let sum = base.time + (record.time ?? .zero), let ms = sum.fixed(power: 3) else {
      return nil
    }
    if ms >= SenMLPack.relativeBelow * 1_000 { return (ms, false) }
    let resolved = arrivalMs.addingReportingOverflow(ms)
    return resolved.overflow ? nil : (resolved.partialValue, true)
  }

  /// `urn:dev:x:` and `ss_rsrp` of `urn:dev:x:ss_rsrp`.
  static func split(_ name: String) -> (device: Substring, field: Substring) {
    let marks = Set(":/.")
    guard let mark = name.lastIndex(where: { marks.contains($0) }) else { return ("", name[...]) }
    return (name[...mark], name[name.index(after: mark)...])
  }
}
