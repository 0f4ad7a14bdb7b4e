import CLinux
import Glibc

/// What the kernel knows about its own clock.
public enum SystemClock {
  /// Whether something (chrony, ntpd, systemd-timesyncd) keeps the clock right (adjtimex(2)); `nil`
  /// where the kernel does not tell.
  public static var isSynchronised: Bool? {
    var facts = timex()
    let state = unsafe adjtimex(&facts)
    guard state >= 0 else { return nil }
    return state != TIME_ERROR && facts.status & STA_UNSYNC == 0
  }
}
