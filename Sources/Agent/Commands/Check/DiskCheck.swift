package import Daemon
import Glibc

/// Room for the buffer, and how long it lasts.
package enum DiskCheck {
  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    let buffer = site.configuration.buffer
    let user = SystemUser(named: FileCheck.serviceUser)
    let free = examine(buffer, user: user, sandbox: ServiceSandbox.ofService(), findings)
    guard let free else { return }
    examineRoom(RoomEstimate(buffer, freeBytes: free, status: site.status.root), findings)
  }

  /// - Parameters:
  ///   - user: the daemon's; `nil`: this host does not know it (yet), so our own rights count.
  ///   - sandbox: the daemon's; `nil`: this host does not know it.
  /// - Returns: free bytes; `nil` where the folder cannot be used at all.
  @discardableResult
  package static func examine(
    _ buffer: BufferSettings, user: SystemUser?, sandbox: ServiceSandbox? = nil,
    _ findings: CheckFindings
  ) -> Int64? {
    let folder = Files.directory(of: buffer.path)
    let free: Int64
    do throws(FileError) {
      guard Files.exists(folder) else { throw FileError("find", folder, code: ENOENT) }
      free = try Files.freeBytes(folder)
    } catch {
      findings.add(
        "disk", .failed,
        Bilingual("Thư mục bộ đệm \(folder): \(error)", "the buffer's folder cannot be used"),
        remedy: remedy(forMissing: folder))
      return nil
    }
    let (freeMB, minMB) = (free / 1_000_000, buffer.freeBytesMin / 1_000_000)
    if free < buffer.freeBytesMin {
      findings.add(
        "disk", .failed,
        Bilingual(
          "Đĩa còn \(freeMB) MB ở \(folder), cần ít nhất \(minMB) MB",
          "\(freeMB) MB free, buffer.min_free_bytes asks for \(minMB) MB"),
        remedy: Bilingual(
          "Giải phóng đĩa, hoặc giảm buffer.min_free_bytes",
          "free space, or lower buffer.min_free_bytes"))
    } else {
      findings.add(
        "disk", .passed,
        Bilingual("Đĩa còn \(freeMB) MB ở \(folder)", "\(freeMB) MB free for the buffer"))
    }
    examineRights(buffer.path, user, findings)
    if let sandbox { examine(sandbox, folder, findings) }
    return free
  }

  /// Root may write anywhere, which says nothing of the daemon; what root left behind, the daemon
  /// cannot touch.
  private static func examineRights(
    _ path: String, _ user: SystemUser?, _ findings: CheckFindings
  ) {
    let folder = Files.directory(of: path)
    func fail(_ vi: String, _ en: String, _ remedy: Bilingual) {
      findings.add("buffer", .failed, Bilingual(vi, en), remedy: remedy)
    }
    if (try? Files.isReadOnly(folder)) ?? false {
      return fail(
        "Không ghi được vào \(folder): đĩa được gắn chỉ đọc", "the disk is mounted read-only",
        Bilingual(
          "Xem lỗi đĩa: sudo dmesg | grep -i error; rồi: sudo mount -o remount,rw "
            + "\"$(findmnt -no TARGET -T \(folder))\"",
          "see the disk's errors, then mount it for writing, as above"))
    }
    guard let user else {
      guard unsafe access(folder, W_OK | X_OK) != 0 else { return }
      return fail(
        "Không ghi được vào \(folder)", "no permission to write there",
        Bilingual(
          "Chạy lệnh này với quyền của dịch vụ: sudo -u hatang-agent …",
          "run this as the service's user, or give that user the folder"))
    }
    if let obstacle = user.obstacle(to: folder, bits: FileFacts.write | FileFacts.enter) {
      let isFolder = obstacle == folder
      return fail(
        "Dịch vụ (người dùng \(user.name)) không ghi được vào \(folder)"
          + (isFolder ? "" : " (vì thư mục \(obstacle))"),
        "the daemon (user \(user.name)) cannot write there"
          + (isFolder ? "" : " (because of \(obstacle))"),
        Bilingual(
          isFolder
            ? "sudo chown \(user.name):\(user.name) \(folder) && sudo chmod 0750 \(folder)"
            : "sudo chmod o+x \(obstacle)", "as above"))
    }
    for file in [path, "\(path)-wal", "\(path)-shm"] where Files.exists(file) {
      guard user.obstacle(to: file, bits: FileFacts.read | FileFacts.write) != nil else { continue }
      fail(
        "Dịch vụ (người dùng \(user.name)) không ghi được \(file)",
        "the daemon (user \(user.name)) cannot write it",
        Bilingual("sudo chown \(user.name):\(user.name) \(path)*", "as above"))
    }
  }

  /// What the files' modes do not show: the unit closes the disk to the daemon.
  private static func examine(
    _ sandbox: ServiceSandbox, _ folder: String, _ findings: CheckFindings
  ) {
    switch sandbox.access(to: folder) {
    case .writable: return
    case .hidden:
      findings.add(
        "buffer", .failed,
        Bilingual(
          "Dịch vụ không thấy \(folder): systemd che /home, /root, /run/user và /tmp với nó",
          "the unit hides /home, /root, /run/user and /tmp from the daemon"),
        remedy: Bilingual(
          "Đặt buffer.path ở nơi khác, thường là \(InstalledFile.stateFolder)/buffer.db",
          "set buffer.path elsewhere, usually as above"))
    case .readOnly:
      findings.add(
        "buffer", .failed,
        Bilingual(
          "Dịch vụ không được ghi vào \(folder): systemd đóng đĩa với nó (ProtectSystem)",
          "the unit closes the disk to the daemon, this folder too"),
        remedy: Bilingual(
          "\(dropIn(for: folder)); rồi: sudo systemctl restart hatang-agent",
          "open it to the service as above, and restart it"))
    }
  }

  private static func dropIn(for folder: String) -> String {
    "sudo systemctl edit hatang-agent: [Service] ReadWritePaths=\(folder)"
  }

  /// The service makes its own folder, with the right owner; any other is the technician's to make.
  private static func remedy(forMissing folder: String) -> Bilingual {
    guard folder != InstalledFile.stateFolder else {
      return Bilingual(
        "Khởi động, dịch vụ tự tạo thư mục: sudo systemctl start hatang-agent",
        "start the service as above, it makes the folder")
    }
    return Bilingual(
      "Tạo: sudo install -d -o hatang-agent -g hatang-agent -m 0750 \(folder); rồi "
        + dropIn(for: folder),
      "make it as above, and open it to the service, whose disk is closed otherwise")
  }

  package static func examineRoom(_ room: RoomEstimate, _ findings: CheckFindings) {
    let roomMB = room.bytes / 1_000_000
    guard let lasts = room.lastsSeconds else {
      findings.add(
        "buffer_room", .passed,
        Bilingual(
          "Bộ đệm còn chỗ \(roomMB) MB; chưa đủ dữ liệu để biết giữ được bao lâu",
          "room for \(roomMB) MB; too little is known to say how long it lasts"))
      return
    }
    let perDayMB = MeasurementText.decimal(Int64(room.bytesPerDay / 100_000), scale: 10)
    let text = Bilingual(
      "Bộ đệm còn chỗ \(roomMB) MB, giữ được \(DurationText.vi(lasts)) khi mất đường lên "
        + "(\(perDayMB) MB mỗi ngày)",
      "room for \(roomMB) MB lasts \(DurationText.en(lasts)) without an uplink "
        + "(\(perDayMB) MB a day)")
    let result: CheckReport.Result =
      lasts < 3_600 ? .failed : lasts < 86_400 ? .warning : .passed
    let remedy = Bilingual(
      "Tăng buffer.max_bytes hoặc giải phóng đĩa, để qua được ít nhất một ngày mất mạng",
      "raise buffer.max_bytes or free space, so that a day without network is survived")
    findings.add("buffer_room", result, text, remedy: result == .passed ? nil : remedy)
  }
}

/// How much more fits while nothing can be delivered, and how long that lasts.
package struct RoomEstimate: Equatable {
  /// What may still come; receipted measurements are counted as room, for they go first.
  package let bytes: Int64
  /// At the rate of the last 24 hours, or since the daemon began.
  package let bytesPerDay: Double
  /// `nil`: nothing came, or too short a time is known.
  package let lastsSeconds: Int64?

  /// Less says nothing of a day.
  private static let secondsMin: Int64 = 600

  /// - Parameter status: the daemon's status file, if there is one.
  package init(_ buffer: BufferSettings, freeBytes: Int64, status: ConfigNode?) {
    func number(_ node: ConfigNode?) -> Int64 { (try? node?.integer(in: 0...Int64.max)) ?? 0 }
    let recent = status?["last_24_hours"]
    let (seconds, rows) = (number(recent?["seconds"]), number(recent?["accepted"]))
    let fileBytes = number(status?["buffer"]?["bytes"])
    let recentBytes = number(recent?["bytes"])
    let perRow = rows > 0 ? Double(recentBytes) / Double(rows) : 0
    let waiting = Int64(perRow * Double(number(status?["backlog"])))
    let onDisk = fileBytes + max(0, freeBytes - buffer.freeBytesMin)
    bytes = max(0, min(buffer.bytesMax, onDisk) - waiting)
    bytesPerDay = seconds > 0 ? Double(recentBytes) / Double(seconds) * 86_400 : 0
    let isKnown = seconds >= Self.secondsMin && recentBytes > 0
    lastsSeconds = isKnown ? Int64(Double(bytes) / bytesPerDay * 86_400) : nil
  }
}
