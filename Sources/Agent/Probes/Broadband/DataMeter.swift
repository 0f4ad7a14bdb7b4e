import Daemon

/// Takes what the tests of one run need off the month's budget before they start, and puts what
/// they really took in its place. Owned by the run's thread.
package final class DataMeter {
  private let settings: BroadbandProbeSettings
  private let interface: NetworkInterface
  private let run: ProbeRun
  /// `nil`: no test is under way, and what the last one took is counted.
  private var reservation: DataBudget.Reservation?
  /// When the reservation was made; `nil`: the interface does not count.
  private var before: NetworkInterface.Counters?
  /// The open reservation holds a test of which nothing could be counted.
  private var isUncounted = false

  package init(_ settings: BroadbandProbeSettings, _ interface: NetworkInterface, _ run: ProbeRun) {
    self.settings = settings
    self.interface = interface
    self.run = run
  }

  /// For one test, on disk before its first byte. Where the last one could not be counted, its
  /// reservation is still open and does for this one: servers that refuse at once take nothing, and
  /// a whole list of them must not use up the month.
  package func reserve() throws(ProbeFailure) {
    guard reservation == nil else {
      before = interface.counters
      return
    }
    // Counted without a bound too, so that a bound can be chosen.
    let limit = settings.budgetBytes ?? Int64.max
    let needed = settings.budgetBytes == nil ? 0 : neededBytes(run.state.budget)
    run.change { reservation = $0.budget.reserve(needed, of: limit, nowMs: wallClockMs()) }
    guard reservation != nil else {
      let used = run.state.budget.usedBytes
      throw ProbeFailure(
        .budgetUsed,
        "hết hạn mức dữ liệu tháng này: đã dùng \(used) trong \(limit) byte, lần đo cần \(needed)",
        "this month's data budget is used up: \(used) of \(limit) bytes, a test takes \(needed)")
    }
    before = interface.counters
    try run.save()
  }

  /// As much as the last whole test; before there is one, both directions at the line's own rate.
  private func neededBytes(_ budget: DataBudget) -> Int64 {
    if budget.lastTestBytes > 0 { return budget.lastTestBytes }
    let rate = settings.provisionedDownBps ?? interface.linkBps ?? 0
    return rate / 8 * (settings.seconds + SpeedTest.warmUpSeconds) * 2
  }

  /// - Parameter isWhole: both directions ran, so it tells what the next test will take.
  package func settle(isWhole: Bool) {
    guard let reservation else { return }
    // Counters that went back (the interface came up anew) tell nothing: what was reserved stays.
    guard let before, let after = interface.counters, after.received >= before.received,
      after.sent >= before.sent
    else {
      isUncounted = true
      return
    }
    let counted = after.received - before.received + after.sent - before.sent
    let took = isUncounted ? max(counted, reservation.bytes) : counted
    run.change {
      $0.budget.settle(reservation, tookBytes: took, isWhole: isWhole && !isUncounted)
    }
    self.reservation = nil
    isUncounted = false
  }
}
