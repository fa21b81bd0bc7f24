/// A JSON document in memory.
///
/// The module has its own reader and writer instead of Foundation's for four reasons: the id is a hash of the written
/// bytes, so they must not depend on a platform's library; a member given twice must be an error, not a silent choice;
/// an error must say where; and a phone then loads a table with nothing but the standard library.
enum JSONValue {
    struct Member {
        var name: String
        var value: JSONValue
    }

    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// An object of the given members.
    static func members(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { Member(name: $0.0, value: $0.1) })
    }

    /// What the value is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): "the number \(DecimalDigits(value).jsonText)"
        case .string(let text): "the text \(quoted(text))"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One step of a JSONPath (RFC 9535).
enum JSONStep {
    case member(String)
    case index(Int)

    /// `.name`, `['name.with.dots']` or `[3]`; a long name is cut.
    var text: String {
        switch self {
        case .index(let index): "[\(index)]"
        case .member(let name) where name.utf8.count <= 40 && name.utf8.allSatisfy(Self.isPlain): ".\(name)"
        case .member(let name): "['\(String(quoted(name).dropFirst().dropLast()))']"
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

extension JSONValue: Codable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let values = try? container.decode([JSONValue].self) {
            self = .array(values)
        } else {
            let members = try decoder.container(keyedBy: Key.self)
            self = .object(
                try members.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
                    Member(name: key.stringValue, value: try members.decode(JSONValue.self, forKey: key))
                })
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let members):
            var container = encoder.container(keyedBy: Key.self)
            for member in members { try container.encode(member.value, forKey: Key(stringValue: member.name)) }
        case .array(let values):
            var container = encoder.unkeyedContainer()
            for value in values { try container.encode(value) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .number(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .string(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        }
    }
}
