import Daemon
package import Enrolment
import Glibc

/// Puts a bundle in its place, beside the configuration: whole, or not at all.
///
/// Everything is written and checked in a folder of its own first. A renewal is then one rename.
/// An enrolment takes the old configuration away, renames the files, and renames the new
/// configuration last: whatever stops it between, no daemon can start with half of it, and running
/// it again completes it. The old configuration is then kept as `.previous` if it had to change;
/// until it is known, it has a name of its own, so that what an earlier enrolment kept stays.
package struct Installation {
  /// Of the configuration.
  private let configuration: String
  private let folder: String
  private let staged: String
  private let isReplacing: Bool

  /// May read the key beside root.
  static let group = "hatang-agent"
  private static let names = [Bundle.caFile, Bundle.keyFile, Bundle.certificateFile]

  package enum Outcome: Equatable, Sendable {
    case renewed
    /// - Parameters:
    ///   - previous: where the old configuration is, if it had to change.
    ///   - formerName: under which the host delivered until now, if it was another.
    ///   - isShared: whether the service's group can read the key.
    case enrolled(previous: String?, formerName: String?, isShared: Bool)
  }

  /// - Parameter isReplacing: takes the place of another identity, or of a newer one.
  package init(configuration: String, isReplacing: Bool) {
    self.configuration = configuration
    self.isReplacing = isReplacing
    folder = Files.directory(of: configuration)
    staged = "\(folder)/.enrolling"
  }

  /// - Parameter file: the bundle's, for messages.
  package func put(_ bundle: Bundle, from file: String) throws(EnrolmentError) -> Outcome {
    try keepReplaced()
    let existing = try existingConfiguration()
    try refuseAnother(bundle, file, existing)
    let text: String?
    do throws(ConfigError) {
      text = try MergedConfiguration.text(bundle, existing: existing, previous: previous)
    } catch { throw unreadable(error) }
    if bundle.key == nil, text != nil || !Files.exists(path(Bundle.keyFile)) {
      throw EnrolmentError(
        file,
        .init(
          vi: "gói này chỉ gia hạn, mà máy chưa đăng ký với broker này bằng khoá nào",
          en: "this bundle only renews, but the host has no key enrolled with this broker"),
        remedy: .init(
          vi: "xin gói mới: hatang-aggregator revoke rồi enroll \(bundle.agent)",
          en: "ask for a new one: hatang-aggregator revoke, then enroll \(bundle.agent)"))
    }
    try Place.makeFolder(folder, mode: 0o755)
    defer {
      Place.removeFolder(
        staged, files: Self.names + [Self.name(of: configuration)] + Self.names.map { $0 + ".old" })
    }
    try stage(bundle)
    let keyFile = bundle.key == nil ? path(Bundle.keyFile) : inStage(Bundle.keyFile)
    try BundleCheck.checkSignatures(bundle, file, stagedIn: staged, keyFile: keyFile)
    guard bundle.key != nil else {
      try Place.move(inStage(Bundle.certificateFile), to: path(Bundle.certificateFile))
      return .renewed
    }
    let formerName = presentName(existing)
    let isShared = try Place.share(inStage(Bundle.keyFile), withGroup: Self.group)
    let old = try source.map { (path) throws(EnrolmentError) in try Place.text(of: path) }
    try Place.write(
      text ?? old ?? bundle.configuration, to: inStage(Self.name(of: configuration)), mode: 0o644)
    try exchange(hasOld: source == configuration)
    try keepReplaced()
    return .enrolled(
      previous: old == nil || text == nil ? nil : previous,
      formerName: formerName == bundle.agent ? nil : formerName, isShared: isShared)
  }

  /// Where a configuration is kept that an enrolment has changed.
  private var previous: String { configuration + ".previous" }
  /// Where the configuration is while an enrolment replaces it.
  private var replaced: String { configuration + ".replaced" }

  /// The configuration that is to be taken over: also one that an interrupted enrolment has taken
  /// away. `nil`: there is none.
  private var source: String? {
    [configuration, replaced, previous].first { Files.exists($0) }
  }

  private func path(_ name: String) -> String { "\(folder)/\(name)" }
  private func inStage(_ name: String) -> String { "\(staged)/\(name)" }

  private static func name(of path: String) -> String {
    String(path[path.index(path.startIndex, offsetBy: Files.directory(of: path).count)...])
      .split(separator: "/").last.map(String.init) ?? path
  }

  // MARK: Refusals

  private func existingConfiguration() throws(EnrolmentError) -> ConfigNode? {
    guard let source else { return nil }
    do throws(ConfigError) {
      let root = try ConfigNode.parse(file: source)
      _ = try root.object()
      return root
    } catch {
      if isReplacing { return nil }
      throw unreadable(error)
    }
  }

  private func unreadable(_ error: ConfigError) -> EnrolmentError {
    EnrolmentError(
      configuration,
      .init(
        vi: "cấu hình đang có sai (\(error.text))",
        en: "the present configuration is wrong (\(error.text))"),
      remedy: .init(
        vi: "sửa nó, hoặc thêm --replace để thay (bản cũ được giữ)",
        en: "mend it, or add --replace to put it aside"))
  }

  /// The name under which this host delivers already; `nil`: none.
  private func presentName(_ existing: ConfigNode?) -> String? {
    if let text = try? Place.text(of: path(Bundle.certificateFile)),
      let name = Certificate(pem: text)?.commonName
    {
      return name
    }
    // Without a certificate: whoever has filled a buffer here.
    guard let existing, let name = existing["agent"]?.plain else { return nil }
    let buffer = (try? existing["buffer"]?["path"]?.path()) ?? BufferSettings.pathDefault
    return Files.exists(buffer) ? name : nil
  }

  private func refuseAnother(
    _ bundle: Bundle, _ file: String, _ existing: ConfigNode?
  ) throws(EnrolmentError) {
    guard !isReplacing else { return }
    if let name = presentName(existing), name != bundle.agent {
      throw EnrolmentError(
        file,
        .init(
          vi: "gói là của \(bundle.agent), nhưng máy này đã đăng ký là \(name)",
          en: "the bundle is \(bundle.agent)'s, but this host is enrolled as \(name)"),
        remedy: .init(
          vi: "dùng gói của \(name), hoặc thêm --replace để đổi tên máy",
          en: "use the bundle of \(name), or add --replace to rename this host"))
    }
    if let ca = try? Place.text(of: path(Bundle.caFile)), ca != bundle.ca,
      Files.exists(path(Bundle.certificateFile))
    {
      throw EnrolmentError(
        file,
        .init(
          vi: "gói do một CA khác với CA mà máy này đang tin",
          en: "the bundle comes from another authority than the one that this host trusts"),
        remedy: .init(
          vi: "hỏi lại tỉnh, hoặc thêm --replace", en: "ask the province, or add --replace"))
    }
    if let text = try? Place.text(of: path(Bundle.certificateFile)),
      let present = Certificate(pem: text),
      let offered = Certificate(pem: bundle.certificate),
      present.notBeforeMs > offered.notBeforeMs
    {
      let mine = RFC3339.format(ms: present.notBeforeMs)
      let its = RFC3339.format(ms: offered.notBeforeMs)
      throw EnrolmentError(
        file,
        .init(
          vi: "gói có hiệu lực từ \(its), cũ hơn chứng thư đang có (từ \(mine))",
          en: "the bundle is valid from \(its), the present certificate from \(mine)"),
        remedy: .init(
          vi: "dùng gói mới nhất, hoặc thêm --replace", en: "use the newest, or --replace")
      )
    }
  }

  // MARK: Writing

  /// What an enrolment that came to its last rename has replaced: kept, unless the new
  /// configuration is the same.
  private func keepReplaced() throws(EnrolmentError) {
    guard Files.exists(replaced), Files.exists(configuration) else { return }
    if try Place.text(of: replaced) == Place.text(of: configuration) {
      _ = unsafe unlink(replaced)
    } else {
      try Place.move(replaced, to: previous)
    }
  }

  private func stage(_ bundle: Bundle) throws(EnrolmentError) {
    // What an interrupted enrolment has left.
    Place.removeFolder(
      staged, files: Self.names + [Self.name(of: configuration)] + Self.names.map { $0 + ".old" })
    try Place.makeFolder(staged, mode: 0o700)
    try Place.write(bundle.ca, to: inStage(Bundle.caFile), mode: 0o644)
    try Place.write(bundle.certificate, to: inStage(Bundle.certificateFile), mode: 0o644)
    if let key = bundle.key {
      try Place.write(key, to: inStage(Bundle.keyFile), mode: 0o600)
    }
  }

  /// Takes the old configuration away, renames the files, and renames the configuration last. Puts
  /// back what was there if a rename fails.
  private func exchange(hasOld: Bool) throws(EnrolmentError) {
    if hasOld { try Place.move(configuration, to: replaced) }
    var done: [String] = []
    do throws(EnrolmentError) {
      for name in Self.names {
        if Files.exists(path(name)) { try Place.move(path(name), to: inStage(name + ".old")) }
        done.append(name)
        try Place.move(inStage(name), to: path(name))
      }
      try Place.move(inStage(Self.name(of: configuration)), to: configuration)
    } catch {
      for name in done {
        _ = unsafe unlink(path(name))
        if Files.exists(inStage(name + ".old")) {
          try? Place.move(inStage(name + ".old"), to: path(name))
        }
      }
      if hasOld { try? Place.move(replaced, to: configuration) }
      throw error
    }
  }
}
