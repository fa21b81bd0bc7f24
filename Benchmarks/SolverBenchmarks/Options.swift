/// A command line of `piece --name value ...`.
struct Options {
    /// Which work to do.
    let piece: String
    private let values: [String: String]

    init(_ arguments: ArraySlice<String>) throws(UsageError) {
        guard let piece = arguments.first else { throw UsageError(description: "which piece of work?") }
        self.piece = piece
        var values: [String: String] = [:]
        var rest = arguments.dropFirst()
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), let value = rest.popFirst() else {
                throw UsageError(description: "\(name) is not followed by a value")
            }
            values[String(name.dropFirst(2))] = value
        }
        self.values = values
    }

    /// The value of an option that must be there.
    func text(_ name: String) throws(UsageError) -> String {
        guard let value = values[name] else { throw UsageError(description: "--\(name) is missing") }
        return value
    }

    /// The value of an option, or `usual`.
    func text(_ name: String, else usual: String) -> String { values[name] ?? usual }

    /// A number, or `usual`.
    func number<Number: LosslessStringConvertible>(_ name: String, else usual: Number) -> Number {
        values[name].flatMap(Number.init) ?? usual
    }
}

/// A command line that makes no sense.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}
