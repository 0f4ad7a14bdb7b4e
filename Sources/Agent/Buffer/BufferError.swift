package import Daemon
package import SQLite

/// Why the buffer could not do what it was asked.
package struct BufferError: Error, CustomStringConvertible {
  package let nature: Nature
  package let description: String

  package enum Nature: Equatable, Sendable {
    /// No room; it may come back by itself.
    case full
    /// The file was found damaged, or is being replaced at the moment: ask again.
    case replacing
    /// The disk failed, or somebody else holds the file. May pass.
    case failed
    /// Another program's file, or a newer one: no use asking again.
    case foreign
  }

  package init(_ nature: Nature, _ description: String) {
    self.nature = nature
    self.description = description
  }

  package init(_ error: SQLiteError) {
    self.init(error.isFull ? .full : .failed, error.description)
  }

  package init(_ error: FileError) {
    self.init(error.isDiskFull ? .full : .failed, error.description)
  }
}
