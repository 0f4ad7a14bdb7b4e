/// What people call the operator of a PLMN.
enum OperatorName {
  /// ITU-T E.212: the networks of Viet Nam that people know by another name than their number.
  private static let known = [
    "45201": "MobiFone", "45202": "VinaPhone", "45204": "Viettel", "45205": "Vietnamobile",
    "45207": "Gmobile",
  ]

  /// `Viettel (45204)`; a PLMN that is not known stays a number, and none is "unknown".
  static func text(_ plmn: String?, _ language: Language) -> String {
    guard let plmn, !plmn.isEmpty else { return language.pick("không rõ", "unknown") }
    return known[plmn].map { "\($0) (\(plmn))" } ?? plmn
  }
}
