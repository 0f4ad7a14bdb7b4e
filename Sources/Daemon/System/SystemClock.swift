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

  /// This boot of the machine: half of the kernel's random id of it; `nil` where it cannot be read.
  public static var bootID: Int64? {
    guard let text = try? Files.text("/proc/sys/kernel/random/boot_id", bytesMax: 64) else {
      return nil
    }
    return UInt64(text.filter(\.isHexDigit).prefix(16), radix: 16).map(Int64.init(bitPattern:))
  }
}
