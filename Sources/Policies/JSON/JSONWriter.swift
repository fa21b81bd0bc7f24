/// Writes a value as bytes that depend on nothing but the value.
///
/// Without layout these are the canonical bytes of RFC 8785 (JSON Canonicalization Scheme), for which most languages have a
/// library: members sorted by UTF-16 code units, numbers as ECMAScript prints them, no space.
/// - Complexity: O(*n*) in the number of bytes written.
struct JSONWriter {
    private var bytes: [UInt8] = []
    /// Whether members come sorted already.
    private let isSorted: Bool

    private init(isSorted: Bool = false) { self.isSorted = isSorted }

    /// The canonical bytes of `value`.
    /// - Parameters:
    ///   - value: Any value.
    ///   - isSorted: Whether the members of all its objects come sorted already.
    ///   - capacity: About how many bytes there will be.
    /// - Returns: Bytes that depend on the value alone.
    static func canonical(_ value: JSONValue, isSorted: Bool = false, capacity: Int = 0) -> [UInt8] {
        var writer = JSONWriter(isSorted: isSorted)
        writer.bytes.reserveCapacity(capacity)
        writer.write(value, layout: nil)
        return writer.bytes
    }

    /// The bytes of `value` for people: one line for whatever fits into 200 columns, so that a bucket is usually a
    /// line; two spaces a level for the rest; a newline at the end.
    static func readable(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(value, layout: 0)
        writer.put(UInt8(ascii: "\n"))
        return writer.bytes
    }

    private static let lineWidth = 200

    /// `layout` is the level of indentation, -1 within a line, nil for no space at all.
    private mutating func write(_ value: JSONValue, layout: Int?) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .number(let number): write(number)
        case .string(let text): write(text)
        case .array(let elements):
            writeItems(elements.count, UInt8(ascii: "["), UInt8(ascii: "]"), layout: inner(of: value, layout)) {
                writer, index, layout in
                writer.write(elements[index], layout: layout)
            }
        case .object(let members):
            let sorted = isSorted ? members : Self.sorted(members)
            writeItems(sorted.count, UInt8(ascii: "{"), UInt8(ascii: "}"), layout: inner(of: value, layout)) {
                writer, index, layout in
                writer.write(sorted[index].name)
                writer.put(UInt8(ascii: ":"))
                if layout != nil { writer.put(UInt8(ascii: " ")) }
                writer.write(sorted[index].value, layout: layout)
            }
        }
    }

    private func inner(of value: JSONValue, _ layout: Int?) -> Int? {
        guard let layout, layout >= 0 else { return layout }
        return Self.width(of: value, within: Self.lineWidth - 2 * layout) == nil ? layout + 1 : -1
    }

    private mutating func writeItems(
        _ count: Int, _ open: UInt8, _ close: UInt8, layout: Int?, item: (inout JSONWriter, Int, Int?) -> Void
    ) {
        put(open)
        for index in 0..<count {
            if index > 0 { put(UInt8(ascii: ",")) }
            if let layout, layout > 0 {
                put(UInt8(ascii: "\n"))
                bytes.append(contentsOf: repeatElement(0x20, count: 2 * layout))
            } else if layout != nil, index > 0 {
                put(UInt8(ascii: " "))
            }
            item(&self, index, layout)
        }
        if let layout, layout > 0, count > 0 {
            put(UInt8(ascii: "\n"))
            bytes.append(contentsOf: repeatElement(0x20, count: 2 * (layout - 1)))
        }
        put(close)
    }

    /// Members in the order of the UTF-16 code units of their names, which for ASCII is that of the bytes.
    private static func sorted(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
        guard members.allSatisfy({ $0.name.utf8.allSatisfy { $0 < 0x80 } }) else {
            return members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
        }
        return members.sorted { $0.name < $1.name }
    }

    /// Whole numbers and those of a common size are already laid out as ECMAScript does.
    private mutating func write(_ number: Double) {
        let size = number.magnitude
        if size < 1e15, Double(Int64(number)) == number {
            put(String(Int64(number)))
        } else if size >= 1e-3, size < 1e15 {
            put(number.description)
        } else {
            put(DecimalDigits(number).jsonText)
        }
    }

    private mutating func write(_ text: String) {
        put(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): put("\\\"")
            case UInt8(ascii: "\\"): put("\\\\")
            case 0x08: put("\\b")
            case 0x09: put("\\t")
            case 0x0A: put("\\n")
            case 0x0C: put("\\f")
            case 0x0D: put("\\r")
            case 0x00..<0x20: put("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        put(UInt8(ascii: "\""))
    }

    private mutating func put(_ byte: UInt8) { bytes.append(byte) }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// About the columns that `value` takes on one line, nil if more than `limit`; looks no further than that.
    private static func width(of value: JSONValue, within limit: Int) -> Int? {
        var width = 2
        func add(_ part: Int?) -> Bool {
            guard let part else { return false }
            width += part
            return width <= limit
        }
        switch value {
        case .null, .bool: width = 5
        case .number(let number): width = DecimalDigits(number).jsonText.utf8.count
        case .string(let text): width += text.utf8.count
        case .array(let elements):
            for element in elements {
                guard add(2), add(Self.width(of: element, within: limit - width)) else { return nil }
            }
        case .object(let members):
            for member in members {
                guard add(member.name.utf8.count + 6), add(Self.width(of: member.value, within: limit - width)) else {
                    return nil
                }
            }
        }
        return width <= limit ? width : nil
    }
}
