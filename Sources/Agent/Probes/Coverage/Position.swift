package import Daemon

/// Where a coverage sample was taken.
package struct ProbePosition: Equatable {
  /// Degrees as the source writes them.
  package let latitude: String
  package let longitude: String
  /// m.
  package var accuracy: String?

  package init(latitude: String, longitude: String, accuracy: String? = nil) {
    self.latitude = latitude
    self.longitude = longitude
    self.accuracy = accuracy
  }

  /// Of `mmcli -J -m N --location-get`; `nil`: no fix.
  package init?(location: ConfigNode) {
    let gps = location.at("modem", "location", "gps")
    guard let latitude = ModemReading.said(gps?["latitude"]),
      let longitude = ModemReading.said(gps?["longitude"])
    else { return nil }
    self.init(latitude: latitude, longitude: longitude)
  }

  /// Of a TPV report of gpsd (gpsd_json(5)); `nil`: another report, or no fix.
  package init?(report: ConfigNode) {
    guard (try? report["class"]?.string()) == "TPV",
      let mode = try? report["mode"]?.integer(in: 0...9), mode >= 2,
      let latitude = report["lat"]?.plain, let longitude = report["lon"]?.plain
    else { return nil }
    self.init(latitude: latitude, longitude: longitude, accuracy: report["eph"]?.plain)
  }

  static var none: ProbeFailure {
    ProbeFailure(
      .noFix, "chưa xác định được vị trí; hãy kiểm tra ăng-ten GNSS, hoặc ghi vị trí cố định",
      "there is no position yet; check the GNSS antenna, or configure a fixed position")
  }
}

/// gpsd's JSON over TCP.
enum GPSD {
  /// Reports before the first fix: a few a second.
  private static let lineMax = 16 << 10

  /// - Parameter limit: how long a fix may take.
  static func position(
    host: String, port: Int, within limit: Duration
  ) throws(ProbeFailure) -> ProbePosition {
    let deadline = monotonicNow() + limit
    do throws(FileError) {
      let connection = try LineConnection(host: host, port: port, within: limit)
      try connection.send("?WATCH={\"enable\":true,\"json\":true};\n")
      while let line = try connection.line(
        bytesMax: lineMax, within: deadline - monotonicNow())
      {
        if let report = try? ConfigNode.answer(line, of: "gpsd"),
          let position = ProbePosition(report: report)
        {
          return position
        }
      }
    } catch {
      throw ProbeFailure(
        .noFix, "không hỏi được vị trí từ gpsd: \(error)", "gpsd gives no position: \(error)")
    }
    throw ProbePosition.none
  }
}
