/// A number with three significant digits or so for people: 0.00123, 1.23, 123, 1230.
///
/// Rounds decimally, without exponent from 0.0001 up; files carry the number in full.
func text(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    guard value != 0 else { return "0" }
    let magnitude = abs(value)
    guard magnitude >= 1e-4 && magnitude < 1e15 else { return exponential(value, digits: digits) }
    var decimals = 0
    var bound = magnitude
    while bound < pow10(digits - 1) && decimals < digits + 4 {
        bound *= 10
        decimals += 1
    }
    return fixed(value, decimals: decimals)
}

/// A number with so many decimals.
func fixed(_ value: Double, decimals: Int) -> String {
    let scaled = (abs(value) * pow10(decimals)).rounded()
    guard scaled < 9e18 else { return "\(value)" }
    let digits = String(Int64(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}

private func exponential(_ value: Double, digits: Int) -> String {
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 10 {
        mantissa /= 10
        exponent += 1
    }
    while mantissa < 1 {
        mantissa *= 10
        exponent -= 1
    }
    let rounded = fixed(mantissa, decimals: digits - 1)
    return "\(value < 0 ? "-" : "")\(rounded)e\(exponent)"
}

private func pow10(_ n: Int) -> Double { (0..<n).reduce(1.0) { product, _ in product * 10 } }

/// Rows of cells as columns two blanks apart, the first to the left, the others to the right.
func columns(_ rows: [[String]], leftAligned: Set<Int> = [0]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { c in rows.map { c < $0.count ? $0[c].count : 0 }.max() ?? 0 }
    return rows.map { row in
        let cells = row.enumerated().map { c, cell in
            let blanks = String(repeating: " ", count: widths[c] - cell.count)
            return leftAligned.contains(c) ? cell + blanks : blanks + cell
        }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}
