/// A sentence for whoever stands before it, and the same for whoever helps from afar.
public struct Bilingual: Equatable, Sendable {
  public let vi: String
  public let en: String

  public init(_ vi: String, _ en: String) {
    self.vi = vi
    self.en = en
  }
}
