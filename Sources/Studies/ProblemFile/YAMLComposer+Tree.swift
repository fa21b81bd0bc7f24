internal import Yams

extension YAMLComposer {
    /// The value of `node`, which is at `path`.
    func value(of node: Node, path: [String]) -> YAMLValue? {
        let place = place(of: node.mark)
        guard path.count < Self.deepestNesting else {
            addTooDeep(place)
            return nil
        }
        if node.anchor != nil {
            addAnchor(place)
            return nil
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            guard has(tag: scalar.tag, in: isPlain ? [.implicit] : [.implicit, .str], at: place) else {
                return nil
            }
            let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return YAMLValue(place: place, content: isNull ? .null : .scalar(scalar.string, isPlain: isPlain))
        case .sequence(let sequence):
            guard has(tag: sequence.tag, in: [.implicit, .seq], at: place) else { return nil }
            var items: [YAMLValue] = []
            for (index, item) in sequence.enumerated() {
                guard let value = value(of: item, path: path + ["[\(index)]"]) else { return nil }
                items.append(value)
            }
            return YAMLValue(place: place, content: .sequence(items))
        case .mapping(let mapping):
            guard has(tag: mapping.tag, in: [.implicit, .map], at: place) else { return nil }
            return fields(of: mapping, path: path).map { YAMLValue(place: place, content: .mapping($0)) }
        case .alias:
            addAnchor(place)
            return nil
        }
    }

    private func fields(of mapping: Node.Mapping, path: [String]) -> [YAMLValue.Field]? {
        var fields: [YAMLValue.Field] = []
        var first: [String: TextPlace] = [:]
        for (key, node) in mapping {
            let keyPlace = place(of: key.mark)
            guard let scalar = key.scalar, key.anchor == nil else {
                findings.add(keyPlace, found: "a list or mapping as a field's name", wanted: "a name")
                return nil
            }
            let name = renamed[keyPlace] ?? scalar.string
            let path = path + [name]
            guard let value = value(of: node, path: path) else { return nil }
            if let before = first[name] {
                findings.add(
                    keyPlace, field: path.map(shortened).joined(separator: "."),
                    found: "the field a second time (first in line \(before.line))",
                    wanted: "each field once", advice: "Remove one of the two.")
            } else {
                first[name] = keyPlace
                fields.append(YAMLValue.Field(name: name, place: keyPlace, value: value))
            }
        }
        return fields
    }

    private func has(tag: Tag, in allowed: [Tag.Name], at place: TextPlace) -> Bool {
        if allowed.contains(where: { tag.description == $0.rawValue }) { return true }
        findings.add(
            place, found: "the YAML tag \(quoted(tag.description))", wanted: "a value without a tag",
            advice: "Remove the word that begins with `!`.")
        return false
    }
}
