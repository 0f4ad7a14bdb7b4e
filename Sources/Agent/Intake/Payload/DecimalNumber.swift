/// A decimal number as a payload writes it, not yet rounded to anything: ±digits · 10^exponent.
///
/// Going through `Double` would turn 8.45 into 8.449999…, which rounds to the wrong tenth.
struct DecimalNumber: Equatable {
  var isNegative: Bool
  /// The first 19 significant digits; the rest are dropped, which changes no result of `fixed`.
  var digits: UInt64
  /// Bounded by `exponentMax`.
  var exponent: Int

  static let digitsMax = 19
  /// Exponents beyond it are as good as infinite, and cannot overflow when added.
  static let exponentMax = 1_000_000

  static let zero = DecimalNumber(isNegative: false, digits: 0, exponent: 0)

  /// `nil` unless the text is one number of JSON and nothing else.
  init?(json text: String) {
    let bytes = Array(text.utf8)
    let found = unsafe bytes.withUnsafeBufferPointer { buffer -> DecimalNumber? in
      var scanner = unsafe JSONScanner(buffer)
      guard let value = try? scanner.value(), value.range == 0..<buffer.count,
        case .number(let number) = value.token
      else { return nil }
      return number
    }
    guard let found else { return nil }
    self = found
  }

  init(isNegative: Bool, digits: UInt64, exponent: Int) {
    self.isNegative = isNegative
    self.digits = digits
    self.exponent = exponent
  }

  /// The value in units of 10^−power, halves rounded away from zero; `nil` beyond 64 bits.
  func fixed(power: Int) -> Int64? {
    guard let magnitude = DecimalNumber.scaled(digits, by: exponent + power),
      magnitude <= UInt64(Int64.max)
    else { return nil }
    return isNegative ? -Int64(magnitude) : Int64(magnitude)
  }

  /// `nil` where the exponents are so far apart that the sum has more digits than are kept.
  static func + (left: DecimalNumber, right: DecimalNumber) -> DecimalNumber? {
    if left.digits == 0 { return right }
    if right.digits == 0 { return left }
    let exponent = min(left.exponent, right.exponent)
    guard let first = left.signed(at: exponent), let second = right.signed(at: exponent) else {
      return nil
    }
    let sum = first.addingReportingOverflow(second)
    guard !sum.overflow else { return nil }
    return DecimalNumber(
      isNegative: sum.partialValue < 0, digits: sum.partialValue.magnitude, exponent: exponent)
  }

  /// The product with a whole number; `nil` beyond 64 bits.
  func multiplied(by factor: UInt64) -> DecimalNumber? {
    let product = digits.multipliedReportingOverflow(by: factor)
    guard !product.overflow else { return nil }
    return DecimalNumber(
      isNegative: isNegative, digits: product.partialValue, exponent: exponent)
  }

  /// The product; digits beyond the nineteenth are dropped.
  static func * (left: DecimalNumber, right: DecimalNumber) -> DecimalNumber {
    var product = UInt128(left.digits) * UInt128(right.digits)
    var exponent = left.exponent + right.exponent
    while product >= UInt128(power(digitsMax)) {
      product /= 10
      exponent += 1
    }
    return DecimalNumber(
      isNegative: left.isNegative != right.isNegative, digits: UInt64(product), exponent: exponent)
  }

  /// As a person writes it; with an exponent where the zeros would be many.
  var text: String {
    let sign = isNegative ? "-" : ""
    guard (-digitsMaxShown...digitsMaxShown).contains(exponent) else {
      return "\(sign)\(digits)e\(exponent)"
    }
    if exponent >= 0 { return "\(sign)\(digits)" + String(repeating: "0", count: exponent) }
    let shown = String(digits)
    let padded = String(repeating: "0", count: max(0, 1 - exponent - shown.utf8.count)) + shown
    return "\(sign)\(padded.dropLast(-exponent)).\(padded.suffix(-exponent))"
  }

  private var digitsMaxShown: Int { 12 }

  private func signed(at lower: Int) -> Int64? {
    guard let magnitude = DecimalNumber.scaled(digits, by: exponent - lower),
      magnitude <= UInt64(Int64.max)
    else { return nil }
    return isNegative ? -Int64(magnitude) : Int64(magnitude)
  }

  private static func scaled(_ digits: UInt64, by exponent: Int) -> UInt64? {
    if digits == 0 { return 0 }
    if exponent >= 0 {
      guard exponent <= digitsMax else { return nil }
      let product = digits.multipliedReportingOverflow(by: power(exponent))
      return product.overflow ? nil : product.partialValue
    }
    // 2^64 is less than 2 · 10^19, so one more place always rounds to 0 or needs none.
    guard exponent >= -digitsMax else { return 0 }
    let divisor = power(-exponent)
    let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: divisor)
    return remainder >= divisor - remainder ? quotient + 1 : quotient
  }

  /// 10^exponent; 0 … 19.
  static func power(_ exponent: Int) -> UInt64 {
    var value: UInt64 = 1
    for _ in 0..<exponent { value &*= 10 }
    return value
  }
}
