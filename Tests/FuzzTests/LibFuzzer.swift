#if FUZZING
  import Daemon
  import Glibc
  import TestSupport
  import Testing

  /// Only in `make fuzz`, whose build is instrumented and linked with libFuzzer.
  /// https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library
  @_silgen_name("LLVMFuzzerRunDriver")
  func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
  ) -> CInt

  /// `FUZZ_TARGET` names the parser, `FUZZ_ARGUMENTS` are libFuzzer's own, split at spaces.
  @Suite struct LibFuzzer {
    static let target: Target = {
      let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
      guard let found = Target.all.first(where: { $0.name == name }) else {
        fatalError("FUZZ_TARGET is \"\(name)\", allowed \(Target.all.map(\.name))")
      }
      return found
    }()

    @Test func `libFuzzer finds no input that breaks the target`() {
      let given = getenv("FUZZ_ARGUMENTS").map { String(cString: $0) } ?? ""
      let words = ["fuzz"] + given.split(separator: " ").map(String.init)
      var arguments = words.map { strdup($0) } + [nil]
      var count = CInt(words.count)
      let code = arguments.withUnsafeMutableBufferPointer { buffer in
        var start = buffer.baseAddress!
        return runDriver(&count, &start) { bytes, count in
          LibFuzzer.target.check([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
          return 0
        }
      }
      #expect(code == 0)
    }
  }
#endif
