import Testing

@Test func `base`() { #expect(Bool(true)) }
