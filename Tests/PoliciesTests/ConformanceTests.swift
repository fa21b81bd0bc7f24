import Foundation
import Policies
import Testing

/// The cases that loaders in every language must pass: conformance/README.md.
@Suite struct `Conformance` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "conformance")

    /// A value of a step.
    private enum Value: Decodable, Equatable, Sendable {
        case null
        case truth(Bool)
        case whole(Int)
        case number(Double)
        case text(String)
        case object([String: Value])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .truth(value)
            } else if let value = try? container.decode(Int.self) {
                self = .whole(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }

        /// Whole numbers and doubles are the same if they are equal.
        static func == (left: Value, right: Value) -> Bool {
            switch (left, right) {
            case (.null, .null): true
            case (.truth(let left), .truth(let right)): left == right
            case (.text(let left), .text(let right)): left == right
            case (.object(let left), .object(let right)): left == right
            default: left.double != nil && left.double == right.double
            }
        }

        subscript(name: String) -> Value? { if case .object(let members) = self { members[name] } else { nil } }

        var double: Double? {
            switch self {
            case .whole(let value): Double(value)
            case .number(let value): value
            default: nil
            }
        }
        var int: Int? { if case .whole(let value) = self { value } else { nil } }
        var string: String? { if case .text(let value) = self { value } else { nil } }
        var bool: Bool? { if case .truth(let value) = self { value } else { nil } }

        static func wait(_ seconds: Double) -> Value { seconds == .infinity ? .null : .number(seconds) }
    }

    private struct Case: Decodable, CustomTestStringConvertible, Sendable {
        let name: String
        let steps: [[String: Value]]
        var testDescription: String { name }
    }

    private static let cases: [Case] =
        (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: folder.appending(path: "cases.json")))) ?? []

    @Test func `there are cases of every kind`() {
        #expect(Self.cases.count >= 30)
        let kinds = Set(Self.cases.flatMap { $0.steps.flatMap(\.keys) })
        #expect(
            kinds == [
                "offer", "offer_text", "offer_repeated", "decide", "hand_over", "migrate", "state", "draw",
                "second_start",
                "roll_back", "want",
            ])
    }

    @Test(arguments: cases)
    private func `a case is decided as written`(entry: Case) throws {
        var store = PolicyStore()
        for (index, step) in entry.steps.enumerated() {
            let found = try Self.answer(step, &store)
            #expect(found == step["want"], "step \(index): \(step)")
        }
    }

    private static func answer(_ step: [String: Value], _ store: inout PolicyStore) throws -> Value {
        let kind = try #require(step.keys.first { $0 != "want" && $0 != "roll_back" })
        let asked = try #require(step[kind])
        if kind.hasPrefix("offer") {
            let bytes = try bytes(of: asked, isFile: kind == "offer")
            do throws(PolicyRefusal) {
                return .text(try store.offer(bytes, isRollback: step["roll_back"]?.bool ?? false).rawValue)
            } catch {
                return .text(error.rule)
            }
        }
        let (id, at) = (asked["request_id"]?.string ?? "", asked["at"]?.double)
        let tokens = asked["prompt_tokens"]?.int ?? 0
        let health = PolicyHealth(server: asked["server"]?.bool ?? true, device: asked["device"]?.bool ?? true)
        let source = PolicyTable.Endpoint(rawValue: asked["source"]?.string ?? "") ?? .server
        switch kind {
        case "decide":
            guard let decision = store.decision(promptTokens: tokens, requestID: id, health: health, at: at) else {
                return .null
            }
            return .object([
                "server_wait": .wait(decision.action.serverWait), "device_wait": .wait(decision.action.deviceWait),
                "basis": .text(decision.basis.rawValue), "state": .text(decision.state.rawValue),
                "revision": .whole(decision.revision),
            ])
        case "hand_over":
            let found = store.policy(requestID: id, at: at)?.handOver(
                from: source, promptTokens: tokens, requestID: id, health: health, at: at)
            guard let found else { return .null }
            return .object(["after_tokens": .whole(found.afterTokens), "buffer_tokens": .number(found.bufferTokens)])
        case "migrate":
            let found = store.policy(requestID: id, at: at)?.migration(
                after: asked["after"]?.int ?? 0, secondsSinceFirst: asked["seconds_since_first"]?.double ?? 0,
                from: source, promptTokens: tokens, requestID: id, health: health, at: at)
            return found.map { .text($0.rawValue) } ?? .null
        case "state": return .text(store.state(at: at).rawValue)
        case "draw":
            guard let salt = asked["salt"]?.string else { return .number(PolicyTable.draw(requestID: id)) }
            return .number(PolicyTable.draw(requestID: id, salt: salt))
        case "second_start":
            return .truth(
                ExtraLoad(
                    requests: asked["requests"]?.int ?? 0, secondStarts: asked["second_starts"]?.int ?? 0
                ).allowsSecondStart(limit: asked["max_extra_load"]?.double, slack: asked["slack"]?.double ?? 1))
        default:
            Issue.record("no step \(kind)")
            return .null
        }
    }

    private static func bytes(of offer: Value, isFile: Bool) throws -> [UInt8] {
        guard case .object(let parts) = offer else {
            let text = try #require(offer.string)
            return isFile ? [UInt8](try Data(contentsOf: folder.appending(path: text))) : Array(text.utf8)
        }
        let part = Array(try #require(parts["part"]?.string).utf8)
        let times = try #require(parts["times"]?.int)
        return Array((parts["before"]?.string ?? "").utf8) + Array(repeatElement(part, count: times).joined())
            + Array((parts["after"]?.string ?? "").utf8)
    }
}
