import Daemon

/// `--area` and `--site` of `enroll` and `renew`: where the host stands.
struct SiteOptions {
  /// Empty: not said.
  let site: String
  let area: String

  static let options: [CommandLineParser.Option] = [
    .init("area", "A", help: "id of the area table", vi: "mã trong bảng địa bàn"),
    .init(
      "site", "TEXT", help: "where the host stands, in people's words",
      vi: "trạm đặt ở đâu, bằng lời"),
  ]

  init(_ options: Options, _ configuration: AggregatorConfiguration) throws {
    site =
      try options.string("site", legal: AuthoritySites.nameText) { AuthoritySites.isName($0) } ?? ""
    area = options.value("area") ?? ""
    guard !area.isEmpty else { return }
    let areas = try AreaTable(file: configuration.areasPath)
    guard areas.index(of: area) != nil else {
      let known = areas.areas.map(\.id).joined(separator: ", ")
      throw UsageError("--area is \(area), allowed \(known); change it")
    }
  }

  /// What the operations pages will say.
  static func tell(
    _ agent: String, _ site: AuthoritySites.Site?, _ configuration: AggregatorConfiguration
  ) {
    let configured = configuration.agentAreas[agent]
    let area = configured ?? site?.area ?? ""
    let name = site?.name ?? ""
    guard !area.isEmpty || !name.isEmpty else { return }
    func words(_ word: String) -> String {
      [name, area.isEmpty ? "" : "\(word) \(area)"].filter { !$0.isEmpty }.joined(separator: ", ")
    }
    Standard.output(
      """
      ✓ Trang vận hành ghi trạm ở: \(words("địa bàn"))
        the operations pages say that it stands there: \(words("area"))

      """)
    guard let configured, let said = site?.area, !said.isEmpty, said != configured else { return }
    Standard.output(
      """
      ! agent_areas của cấu hình ghi \(configured), nên \(said) không được dùng
        agent_areas of the configuration says \(configured), so \(said) is not used

      """)
  }
}
