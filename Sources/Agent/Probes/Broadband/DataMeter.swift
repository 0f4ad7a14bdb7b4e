import Daemon

/// Takes what the tests of one run need off the month's budget before they start, and puts what
/// they really took in its place. Owned by the run's thread.
package final class DataMeter {
  private let settings: BroadbandProbeSettings
  private let interface: NetworkInterface
  private let run: ProbeRun
  /// The right time, ms since 1970; `nil`: not known.
  private let now: () -> Int64?
  /// `nil`: no test is under way, and what the last one took is counted.
  private var reservation: DataBudget.Reservation?
  /// When the reservation was made; `nil`: the interface does not count.
  private var before: NetworkInterface.Counters?
  /// The open reservation holds a test of which nothing could be counted.
  private var isUncounted = false

  package init(
    _ settings: BroadbandProbeSettings, _ interface: NetworkInterface, _ run: ProbeRun,
    now: @escaping () -> Int64?
  ) {
    self.settings = settings
    self.interface = interface
    self.run = run
    self.now = now
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
    let nowMs = now()
    run.change { reservation = $0.budget.reserve(needed, of: limit, nowMs: nowMs) }
    guard reservation != nil else {
      throw usedUp(limit, needed: needed, isTimeKnown: nowMs != nil)
    }
    before = interface.counters
    try run.save()
  }

  private func usedUp(_ limit: Int64, needed: Int64, isTimeKnown: Bool) -> ProbeFailure {
    let budget = run.state.budget
    let (used, month) = (budget.usedBytes, budget.month ?? "")
    let isHeld = !isTimeKnown && !month.isEmpty && month != DataBudget.month(ofMs: wallClockMs())
    let held =
      isHeld
      ? Bilingual(
        "; vẫn tính vào tháng \(month) vì chưa biết giờ đúng: sudo timedatectl set-ntp true",
        "; month \(month) goes on while the right time is not known: switch on synchronisation")
      : Bilingual("", "")
    return ProbeFailure(
      .budgetUsed,
      "hết hạn mức dữ liệu tháng này: đã dùng \(used) trong \(limit) byte, lần đo cần \(needed)"
        + held.vi,
      "this month's data budget is used up: \(used) of \(limit) bytes, a test takes \(needed)"
        + held.en)
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
