import Glibc
import TestSupport
import Testing

/// A program that is recorded once, and then has its power cut at any of its steps.
protocol CutScenario {
  associatedtype Promise: Sendable

  var name: String { get }
  /// What lies on the disk before.
  func files(using generator: inout SeededGenerator) throws -> [String: [UInt8]]
  /// Does its work in the disk's folder. Whenever a promise is given to somebody, or work begins
  /// that may or may not survive, `promise` is called with all that holds from then on.
  func perform(
    in folder: String, using generator: inout SeededGenerator, promise: (Promise) -> Void
  ) throws
  /// Starts the real code on what the cut has left, and throws `Broken` where a promise is.
  func verify(
    _ folder: String, _ promise: Promise?, using generator: inout SeededGenerator
  ) throws
}

struct Broken: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func hold(_ condition: Bool, _ text: @autoclosure () -> String) throws {
  if !condition { throw Broken(text()) }
}

/// How much is tried. `HATANG_FAULT_POINTS`: crash points of each scenario; `HATANG_SEED`: only
/// the run of this seed, at all of its steps.
enum Effort {
  static let points = environment("HATANG_FAULT_POINTS") ?? 60
  static let seed = environment("HATANG_SEED").map { UInt64($0) }

  private static func environment(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }
}

struct PowerCut<Scenario: CutScenario> {
  let scenario: Scenario
  var honoursSync = true

  /// Then there is enough to look at.
  private static var failuresMax: Int { 20 }

  struct Outcome {
    var points = 0
    var seeds: [UInt64] = []
    var failures: [String] = []
  }

  private struct Recording {
    /// Of these, so many put there what lay on the disk before.
    var events: [DiskEvent] = []
    var beginning = 0
    var promises: [Scenario.Promise] = []
  }

  /// So many points over runs of rising seeds; every failure becomes an issue with its seed.
  func run(points: Int = Effort.points) throws {
    let outcome = try attempt(points: points)
    for failure in outcome.failures.prefix(5) { Issue.record("\(failure)") }
    let seeds = "\(outcome.seeds.first ?? 0)…\(outcome.seeds.last ?? 0)"
    print(
      "power cut: \(scenario.name): \(outcome.points) crash points, seeds \(seeds), "
        + "\(outcome.failures.count) failures")
    #expect(outcome.points >= points || Effort.seed != nil || !outcome.failures.isEmpty)
  }

  func attempt(points: Int) throws -> Outcome {
    var outcome = Outcome()
    var seed = Effort.seed ?? 1
    repeat {
      outcome.seeds.append(seed)
      let left = Effort.seed == nil ? min(points - outcome.points, max(40, points / 4)) : .max
      try attempt(seed, pointsMax: left, &outcome)
      seed += 1
    } while outcome.points < points && Effort.seed == nil
      && outcome.failures.count < Self.failuresMax
    return outcome
  }

  /// The first steps of one run, all of them.
  func replay(_ seed: UInt64, steps: Int) throws -> Outcome {
    var outcome = Outcome()
    try attempt(seed, pointsMax: .max, stepsMax: steps, &outcome)
    return outcome
  }

  private func attempt(
    _ seed: UInt64, pointsMax: Int, stepsMax: Int = .max, _ outcome: inout Outcome
  ) throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let recording = try record(seed, in: folder)
    var choice = SeededGenerator(seed: seed ^ 0x5eed)
    let steps = (recording.beginning...recording.events.count).shuffled(using: &choice)
    // Names change seldom, and are what is easiest to get wrong: half of the points go there.
    let rare = steps.filter { $0 > 0 && recording.events[$0 - 1].isOfNames }
    var chosen = Set(rare.prefix(pointsMax / 2))
    for step in steps where chosen.count < pointsMax { chosen.insert(step) }
    var model = DiskModel(honoursSync: honoursSync)
    var promise: Scenario.Promise?
    for step in 0...recording.events.count {
      if step > 0 {
        model.apply(recording.events[step - 1])
        if case .promise(let index) = recording.events[step - 1] {
          promise = recording.promises[index]
        }
      }
      guard chosen.contains(step), step < stepsMax else { continue }
      outcome.points += 1
      var generator = SeededGenerator(seed: seed << 32 ^ UInt64(step))
      Folder.write(model.image(using: &generator), to: folder)
      do {
        try scenario.verify(folder, promise, using: &generator)
      } catch {
        outcome.failures.append(
          "HATANG_SEED=\(seed) (\(scenario.name), cut at step \(step)): \(error)")
        if outcome.failures.count >= Self.failuresMax { return }
      }
    }
  }

  private func record(_ seed: UInt64, in folder: String) throws -> Recording {
    var generator = SeededGenerator(seed: seed)
    Folder.write(try scenario.files(using: &generator), to: folder)
    let disk = try FaultDisk(folder)
    defer { disk.detach() }
    var recording = Recording()
    recording.beginning = disk.events.count
    try scenario.perform(in: folder, using: &generator) {
      recording.promises.append($0)
      disk.promise()
    }
    recording.events = disk.events
    return recording
  }
}
