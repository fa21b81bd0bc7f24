/// What must hold of every input and did not.
public struct BrokenProperty: Error, CustomStringConvertible {
    /// The property, and what was found.
    public let description: String
}

/// Ends the check of an input unless `condition` holds.
func hold(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(BrokenProperty) {
    guard !condition else { return }
    throw BrokenProperty(description: sentence())
}

/// Whether a terminal can be shown `text`: no control character but line ends, and no more than a few pages.
func isFitToPrint(_ text: String) -> Bool {
    text.utf8.count <= 1 << 16
        && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\n") }
}
