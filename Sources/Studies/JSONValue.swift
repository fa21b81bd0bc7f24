internal import FoundationEssentials

/// A JSON value; what a study prints with `--json`.
public enum JSONValue: Sendable, Hashable, Encodable {
    /// A number; one that is not finite is written as null.
    case number(Double)
    /// A whole number.
    case integer(Int)
    /// A string.
    case string(String)
    /// true or false.
    case bool(Bool)
    /// null.
    case null
    /// An array.
    case array([JSONValue])
    /// An object; members are written in ascending order of their names.
    case object([String: JSONValue])

    /// A string or null.
    public init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// A number or null.
    public init(_ number: Double?) { self = number.map { .number($0) } ?? .null }

    /// Encodes the value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let value): if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
        case .integer(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        case .null: try container.encodeNil()
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }

    /// The value on one line, which YAML reads as the same.
    var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("a JSON value always encodes") }
        return String(decoding: data, as: UTF8.self)
    }

    /// The value as readable text with sorted members and a newline at the end: the same bytes for equal values.
    public func text() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("a JSON value always encodes") }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
