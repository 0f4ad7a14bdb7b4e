import Daemon
import Testing

@Suite struct MemoryTests {
  @Test func `only what lies unchanged in a file is given back`() {
    let smaps = """
      1000-2000 r-xp 00000000 fe:01 11   /usr/bin/a program
      Rss:                 4 kB
      Anonymous:           0 kB
      Swap:                0 kB
      VmFlags: rd ex mr mw me
      2000-3000 r--p 00001000 fe:01 11   /usr/bin/relocated
      Anonymous:           4 kB
      Swap:                0 kB
      3000-4000 r--p 00002000 fe:01 11   /usr/bin/relocated-and-swapped
      Anonymous:           0 kB
      Swap:                4 kB
      4000-5000 rw-p 00003000 fe:01 11   /usr/bin/written
      Anonymous:           0 kB
      Swap:                0 kB
      5000-6000 r--s 00000000 fe:01 12   /var/lib/shared
      Anonymous:           0 kB
      Swap:                0 kB
      6000-7000 r-xp 00000000 00:00 0   [vdso]
      Anonymous:           0 kB
      Swap:                0 kB
      7000-8000 r-xp 00000000 00:00 0
      Anonymous:           0 kB
      Swap:                0 kB
      8000-a000 r--p 00000000 fe:01 13   /usr/lib/libc.so.6
      Anonymous:           0 kB
      Swap:                0 kB
      """
    #expect(Memory.unchangedFiles(smaps) == [0x1000..<0x2000, 0x8000..<0xa000])
  }
}
