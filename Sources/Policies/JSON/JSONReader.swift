/// Reads one JSON document (RFC 8259) from bytes that may be hostile.
///
/// Recursion is bounded by the depth limit, memory by the number of values.
/// - Complexity: O(*n*) in the number of bytes.
struct JSONReader {
    private let bytes: [UInt8]
    private var offset = 0
    private var values = 0
    private var steps: [JSONStep] = []
    /// Whether the members of every object came in ascending order of their names, all of them plain ASCII.
    private var isSorted = true

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A document's value, and whether the names of each object's members ascend already, as a canonical document's do.
    static func read(_ bytes: [UInt8]) throws(PolicyError) -> (value: JSONValue, isSorted: Bool) {
        guard bytes.count <= PolicyTable.SizeLimits.bytes else {
            throw PolicyError(
                path: "$", problem: .overLimit(.tooLarge, found: bytes.count, limit: PolicyTable.SizeLimits.bytes))
        }
        var reader = JSONReader(bytes)
        let value = try reader.value()
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw reader.unexpected("the end of the document") }
        return (value, reader.isSorted)
    }

    // MARK: - Values

    private mutating func value() throws(PolicyError) -> JSONValue {
        values += 1
        guard values <= PolicyTable.SizeLimits.values else {
            throw overLimit(.tooManyValues, found: values, limit: PolicyTable.SizeLimits.values)
        }
        skipSpace()
        guard let byte = peek else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func object() throws(PolicyError) -> JSONValue {
        var members: [JSONValue.Member] = []
        try enter(.member(""))
        skipSpace()
        if take(UInt8(ascii: "}")) {
            steps.removeLast()
            return .object([])
        }
        // Most objects of a table have three or four members.
        members.reserveCapacity(4)
        var previous: Range<Int>?
        var ascends = true
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a member's name in quotes") }
            let start = offset + 1
            let name = try string()
            let source = start..<offset - 1
            ascends = ascends && isPlain(source) && (previous.map { precedes($0, source) } ?? true)
            previous = source
            if !ascends { isSorted = false }
            // Names that ascend differ. Else linear, and fast enough because the number of members is limited.
            guard ascends || !members.contains(where: { $0.name == name }) else {
                steps.removeLast()
                throw PolicyError(path: path, problem: .duplicateMember(name))
            }
            guard members.count < PolicyTable.SizeLimits.members else {
                throw overLimit(.tooManyValues, found: members.count + 1, limit: PolicyTable.SizeLimits.members)
            }
            steps[steps.count - 1] = .member(name)
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
            members.append(JSONValue.Member(name: name, value: try value()))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or a closing brace") }
        steps.removeLast()
        return .object(members)
    }

    /// Whether a text is its source, letter by letter.
    private func isPlain(_ source: Range<Int>) -> Bool {
        for place in source where bytes[place] >= 0x80 || bytes[place] == UInt8(ascii: "\\") { return false }
        return true
    }

    private func precedes(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
        for (one, other) in zip(first, second) where bytes[one] != bytes[other] { return bytes[one] < bytes[other] }
        return first.count < second.count
    }

    private mutating func array() throws(PolicyError) -> JSONValue {
        var elements: [JSONValue] = []
        try enter(.index(0))
        skipSpace()
        if take(UInt8(ascii: "]")) {
            steps.removeLast()
            return .array([])
        }
        repeat {
            steps[steps.count - 1] = .index(elements.count)
            elements.append(try value())
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw unexpected("a comma or a closing bracket") }
        steps.removeLast()
        return .array(elements)
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(PolicyError) -> JSONValue {
        for byte in word.utf8 {
            guard take(byte) else { throw unexpected("\"\(word)\"") }
        }
        return value
    }

    private mutating func number() throws(PolicyError) -> Double {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        if let value = ShortDecimal.value(of: bytes[start..<offset]) { return value }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        // No double needs more than about 770 digits; a longer text is an attack on the conversion.
        guard offset - start <= 1_000, let value = Double(text), value.isFinite else {
            throw PolicyError(path: path, problem: .numberOverflow(quoted(text)))
        }
        return value
    }

    private mutating func digits() throws(PolicyError) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        guard offset > start else { throw unexpected("a digit") }
    }

    // MARK: - Strings

    private mutating func string() throws(PolicyError) -> String {
        offset += 1
        let start = offset
        // Most texts are plain ASCII: nothing is to be copied by hand or mended.
        while let byte = peek, byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            offset += 1
        }
        if peek == UInt8(ascii: "\"") {
            offset += 1
            return String(decoding: bytes[start..<offset - 1], as: UTF8.self)
        }
        offset = start
        return try mendedString()
    }

    /// The text from here on, which may hold escapes and anything that is not ASCII.
    private mutating func mendedString() throws(PolicyError) -> String {
        let start = offset
        var text: [UInt8] = []
        var copied = start
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw unexpected("an escaped control character") }
            offset += 1
            guard byte == UInt8(ascii: "\\") else { continue }
            text += bytes[copied..<offset - 1]
            text += String(Character(try escape())).utf8
            copied = offset
        }
        text += bytes[copied..<offset]
        guard take(UInt8(ascii: "\"")) else { throw unexpected("a closing quote") }
        // Decoding mends what is not UTF-8; what had to be mended differs from its source.
        let decoded = String(decoding: text, as: UTF8.self)
        guard decoded.utf8.elementsEqual(text) else {
            offset = start
            throw notJSON(found: "text that is not UTF-8", wanted: "UTF-8")
        }
        return decoded
    }

    private mutating func escape() throws(PolicyError) -> Unicode.Scalar {
        guard let byte = peek else { throw unexpected("an escape") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default:
            offset -= 1
            throw unexpected("one of the escapes of JSON")
        }
    }

    private mutating func escapedScalar() throws(PolicyError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw unexpected("the other half of a surrogate pair")
        }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw unexpected("the other half of a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(PolicyError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            value = value << 4 + UInt32(digit)
            offset += 1
        }
        return value
    }

    // MARK: - Bytes

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func enter(_ step: JSONStep) throws(PolicyError) {
        offset += 1
        guard steps.count < PolicyTable.SizeLimits.depth else {
            throw overLimit(.tooDeep, found: steps.count + 1, limit: PolicyTable.SizeLimits.depth)
        }
        steps.append(step)
    }

    // MARK: - Errors

    private var path: String { "$" + steps.map(\.text).joined() }

    private func overLimit(_ rule: PolicyRule, found: Int, limit: Int) -> PolicyError {
        PolicyError(path: path, problem: .overLimit(rule, found: found, limit: limit))
    }

    private func unexpected(_ wanted: String) -> PolicyError {
        guard let byte = peek else { return notJSON(found: "the end of the document", wanted: wanted) }
        let isPrintable = (0x20..<0x7F).contains(byte)
        return notJSON(
            found: isPrintable ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte 0x\(String(byte, radix: 16))",
            wanted: wanted)
    }

    private func notJSON(found: String, wanted: String) -> PolicyError {
        let before = bytes[..<offset]
        let line = before.count { $0 == 0x0A } + 1
        let column = offset - (before.lastIndex(of: 0x0A) ?? -1)
        return PolicyError(
            path: "$", problem: .notJSON(offset: offset, line: line, column: column, found: found, wanted: wanted))
    }
}
