import Daemon
import Glibc
import Testing

@Suite struct ChildProcessTests {
  @Test func `a program gets its input and gives its output and its code`() throws {
    let sorted = try ChildProcess.run(["sort"], input: Array("b\na\n".utf8))
    #expect(sorted.output == Array("a\nb\n".utf8) && sorted.exitCode == 0)
    #expect(try ChildProcess.run(["sh", "-c", "exit 3"]).exitCode == 3)
    #expect(try ChildProcess.run(["sh", "-c", "kill -9 $$"]).exitCode == 137)
  }

  @Test func `a program that is not there is an error with the remedy`() {
    #expect {
      try ChildProcess.run(["hatang-no-such-program"])
    } throws: {
      "\($0)"
        == "cannot run hatang-no-such-program: No such file or directory; install the package that "
        + "holds it"
    }
  }

  @Test func `more output than allowed is an error and no full memory`() {
    #expect {
      try ChildProcess.run(["head", "-c", "1000", "/dev/zero"], bytesMax: 999)
    } throws: {
      "\($0)"
        == "cannot read the output of head: File too large; at most 999 bytes; is this the right "
        + "file?"
    }
  }
}
