/// A value and its place, so that whoever asks it for something else than it is gets an error that says where.
struct JSONNode {
    let value: JSONValue
    /// Place of the parent; made text only when somebody asks.
    private let parent: Place
    private let step: JSONStep?

    /// The whole document.
    init(root value: JSONValue) {
        self.value = value
        self.parent = .root
        self.step = nil
    }

    private init(_ value: JSONValue, in parent: Place, _ step: JSONStep) {
        self.value = value
        self.parent = parent
        self.step = step
    }

    /// Where the value stands, as a JSONPath.
    var path: String { place.text }

    private var place: Place { step.map { .child(parent, $0) } ?? parent }

    /// Where a value stands: a chain of steps that costs nothing to share.
    fileprivate indirect enum Place {
        case root
        case child(Place, JSONStep)

        var text: String {
            switch self {
            case .root: "$"
            case .child(let parent, let step): parent.text + step.text
            }
        }
    }

    /// The node itself, nil for `null`.
    var ifPresent: JSONNode? { if case .null = value { nil } else { self } }

    func number() throws(PolicyError) -> Double {
        guard case .number(let number) = value else { throw wrongType(wanted: "a number") }
        return number
    }

    func integer() throws(PolicyError) -> Int {
        // Not Int(exactly:), which calls trunc: a program that links this module alone has no mathematics library.
        guard case .number(let number) = value, number.magnitude <= Double(Self.largestInteger),
            Double(Int(number)) == number
        else { throw wrongType(wanted: "a whole number up to 2^53 - 1") }
        return Int(number)
    }

    func boolean() throws(PolicyError) -> Bool {
        guard case .bool(let truth) = value else { throw wrongType(wanted: "true or false") }
        return truth
    }

    func string() throws(PolicyError) -> String {
        guard case .string(let text) = value else { throw wrongType(wanted: "a text") }
        return text
    }

    /// A word of `Word`.
    func word<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) throws(PolicyError) -> Word {
        let text = try string()
        guard let word = Word(rawValue: text) else {
            throw PolicyError(path: path, problem: .unknownValue(text, valid: Word.allCases.map(\.rawValue)))
        }
        return word
    }

    /// The text `wanted` and no other.
    func expect(_ wanted: String) throws(PolicyError) {
        let text = try string()
        guard text == wanted else { throw PolicyError(path: path, problem: .unknownValue(text, valid: [wanted])) }
    }

    func elements() throws(PolicyError) -> [JSONNode] {
        guard case .array(let elements) = value else { throw wrongType(wanted: "an array") }
        let place = place
        return elements.enumerated().map { JSONNode($0.element, in: place, .index($0.offset)) }
    }

    /// The members of an object whose members can have any name.
    func entries() throws(PolicyError) -> [(name: String, node: JSONNode)] {
        guard case .object(let members) = value else { throw wrongType(wanted: "an object") }
        let place = place
        return members.map { ($0.name, JSONNode($0.value, in: place, .member($0.name))) }
    }

    /// The members of an object that has all the `required`, maybe some of the `optional` and no others.
    func members(_ required: [String], optional: [String] = []) throws(PolicyError) -> JSONMembers {
        guard case .object(let members) = value else { throw wrongType(wanted: "an object") }
        for member in members where !required.contains(member.name) && !optional.contains(member.name) {
            throw PolicyError(path: path, problem: .unknownMember(member.name, valid: required + optional))
        }
        for name in required where !members.contains(where: { $0.name == name }) {
            throw PolicyError(path: path, problem: .missingMember(name))
        }
        return JSONMembers(place: place, members: members)
    }

    /// The member `name` if the value is an object that has it.
    func member(_ name: String) -> JSONNode? {
        guard case .object(let members) = value, let member = members.first(where: { $0.name == name }) else {
            return nil
        }
        return JSONNode(member.value, in: place, .member(name))
    }

    func numbersByName() throws(PolicyError) -> [String: Double] {
        var result: [String: Double] = [:]
        for (name, node) in try entries() { result[name] = try node.number() }
        return result
    }

    private func wrongType(wanted: String) -> PolicyError {
        PolicyError(path: path, problem: .wrongType(found: value.kind, wanted: wanted))
    }

    /// 2⁵³ - 1: up to here every whole number is a double, in every language that reads JSON.
    static let largestInteger = Int(clamping: 9_007_199_254_740_991 as Int64)

    /// Members whose names have been checked.
    struct JSONMembers {
        fileprivate let place: Place
        fileprivate let members: [JSONValue.Member]

        /// The member `name`; `null` where an optional one is left out.
        subscript(name: String) -> JSONNode {
            let value = members.first { $0.name == name }?.value ?? .null
            return JSONNode(value, in: place, .member(name))
        }
    }
}
