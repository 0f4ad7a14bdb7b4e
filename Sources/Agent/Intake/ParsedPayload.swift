package import Protocol

/// What a payload of the local broker came to. A payload may be right in parts: an array's good
/// elements are taken, its bad ones rejected.
package struct ParsedPayload {
  /// Legal measurements, in the payload's order.
  package var measurements: [Measurement]
  package var rejections: [Rejection]
  /// Only for payloads of the numbered form; `nil`: any other.
  package var numbered: Numbered?
  /// Fields that nobody knows, which were left out. A misspelt field shows here.
  package var unknownFieldCount = 0
  /// The last of them, cut where it is long.
  package var lastUnknownField: String?

  package init(
    measurements: [Measurement] = [], rejections: [Rejection] = [], numbered: Numbered? = nil
  ) {
    self.measurements = measurements
    self.rejections = rejections
    self.numbered = numbered
  }

  /// The numbers that the publisher gave the elements of its payload, so that an element that comes
  /// again is known.
  package struct Numbered: Equatable {
    /// Whose it is and what is numbered, such as one file: an id of one source says nothing of
    /// another's. 1 … `idBytesMax` bytes.
    package var id: String
    /// The number of the payload's first element, whether it was legal or not.
    package var first: Int64
    /// Elements in the payload, legal or not.
    package var count: Int
    /// For each of `measurements` its place in the payload, from 0, rising.
    package var places: [Int]

    /// As many as a SHA-256 has digits.
    package static let idBytesMax = 64

    package init(id: String, first: Int64, count: Int, places: [Int]) {
      self.id = id
      self.first = first
      self.count = count
      self.places = places
    }
  }
}

/// Why a payload, or one measurement in it, was not taken.
package struct Rejection: Equatable {
  /// `coverage`, `broadband`, `service`, or `unknown` where the topic does not say.
  package var kind: String
  /// The field at fault, or `payload` or `topic`.
  package var field: String
  /// What was met and what is legal. Bounded: `reasonBytesMax`.
  package var reason: String

  package static let reasonBytesMax = 512

  package init(kind: String, field: String, reason: String) {
    self.kind = kind
    self.field = field
    self.reason = reason
  }
}
