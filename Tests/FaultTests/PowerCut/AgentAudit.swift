import Agent
import Protocol

/// Compares a buffer that was started again with what had been promised.
struct AgentAudit {
  let host: EdgeHost
  let promise: AgentPromise
  /// Whether a number may have been lost for this reason.
  var lossAllowed: (_ number: SequenceNumber, _ reason: LossReason) -> Bool = { _, _ in false }
  private var extents: [StreamID: StreamExtent] = [:]
  private(set) var held: [StreamID: [SequenceNumber: Int64]] = [:]
  private(set) var lost: [StreamID: [SequenceNumber: LossReason]] = [:]

  init(_ host: EdgeHost, _ promise: AgentPromise) throws {
    self.host = host
    self.promise = promise
    for stream in try host.reader.streams() {
      extents[stream.id] = stream
      held[stream.id] = try host.held(stream.id)
      for hole in try host.holes(stream.id) {
        for number in hole.first...hole.last {
          try hold(lost[stream.id]?[number] == nil, "number \(number) is lost twice")
          lost[stream.id, default: [:]][number] = hole.reason
        }
      }
    }
  }

  func check() throws {
    try checkCommits()
    try checkNothingElse()
    try checkAccounts()
    try checkFirstHop()
  }

  /// What was acknowledged is there, under its number.
  func checkCommits() throws {
    for commit in promise.commits {
      for index in 0..<commit.count {
        let number = commit.first + SequenceNumber(index)
        if let id = held[commit.stream]?[number] {
          try hold(
            id == commit.id + Int64(index),
            "number \(number) was given to \(commit.id + Int64(index)) and now to \(id)")
        } else if let reason = lost[commit.stream]?[number] {
          try hold(lossAllowed(number, reason), "\(number) is lost: \(reason.name)")
        } else {
          try hold(
            number < (promise.receipted[commit.stream] ?? 0),
            "\(number) of \(commit.stream) was acknowledged and is gone without a word; "
              + "streams \(extents.values.map { ($0.id, $0.oldestHeld, $0.next) })")
        }
      }
    }
  }

  /// What was never acknowledged is there as a whole, once, or not at all.
  private func checkNothingElse() throws {
    var known: [StreamID: Set<SequenceNumber>] = [:]
    for commit in promise.commits {
      known[commit.stream, default: []].formUnion(commit.first..<commit.end)
    }
    var others: [Int64] = []
    for (stream, numbers) in held {
      for (number, id) in numbers.sorted(by: { $0.key < $1.key })
      where known[stream]?.contains(number) != true {
        others.append(id)
      }
    }
    if others.isEmpty { return }
    guard let inFlight = promise.inFlight else {
      throw Broken("\(others.count) measurements that nobody sent, first \(others[0])")
    }
    try hold(
      others == (0..<Int64(inFlight.count)).map { inFlight.id + $0 },
      "\(others.count) of the \(inFlight.count) measurements in flight are there")
  }

  /// Each number below `next` is held, or lost, or was receipted.
  func checkAccounts() throws {
    for (id, extent) in extents {
      let receipted = promise.receipted[id] ?? 0
      try hold(
        extent.acknowledged <= receipted,
        "\(extent.acknowledged) counts as receipted, only \(receipted) was")
      for number in 0..<extent.next {
        let isHeld = held[id]?[number] != nil
        let isLost = lost[id]?[number] != nil
        try hold(!(isHeld && isLost), "\(number) is held and called lost")
        try hold(
          isHeld || isLost || (number < receipted && number < extent.oldestHeld),
          "\(number) of \(extent.next) has no account")
      }
    }
  }

  /// The broker sends again what it has no PUBACK for: known if and only if it is stored.
  private func checkFirstHop() throws {
    for commit in promise.commits.suffix(3) {
      try hold(host.knows(commit.id), "message \(commit.id) would be stored twice")
    }
    if let inFlight = promise.inFlight {
      let isStored = held.values.contains { $0.values.contains(inFlight.id) }
      try hold(
        host.knows(inFlight.id) == isStored,
        isStored
          ? "message \(inFlight.id) would be stored twice"
          : "message \(inFlight.id) would be refused and is not stored")
    }
  }

  /// A new commit gets numbers that were never given.
  func checkThatNumberingGoesOn() throws {
    let id: Int64 = 1 << 40
    let place = try host.store(2, from: id)
    let given = promise.commits.filter { $0.stream == place.stream }.map(\.end).max() ?? 0
    try hold(place.first >= given, "number \(place.first) was given before, up to \(given)")
    let now = try host.held(place.stream)
    try hold(
      now[place.first] == id && now[place.first + 1] == id + 1, "a new commit is not held")
    for (number, old) in held[place.stream] ?? [:] where now[number] != nil {
      try hold(now[number] == old, "number \(number) has changed")
    }
  }
}
