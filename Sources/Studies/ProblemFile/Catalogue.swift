internal import Spelling

/// Files that a problem file takes numbers from: price lists (`price: {list: ..., model: ...}`) and device profiles
/// (`endpoints.device.profile`), as data/prices and data/devices have them.
///
/// What they say fills in what the problem file leaves open; a field that it states itself wins. Nothing is priced or profiled
/// unless the problem names the file.
struct Catalogue {
    /// The problem file's path; the paths of lists and profiles count from its folder.
    let problem: String
    let findings: Findings

    /// Fills in what `root` takes from other files.
    /// - Throws: `ProblemError` for a file that is not there or is wrong in itself.
    func fill(_ root: inout YAMLValue) throws(ProblemError) {
        for endpoint in ["server", "device"] {
            try change(&root, ["endpoints", endpoint, "price"]) { price throws(ProblemError) in
                try fill(price: &price, endpoint)
            }
        }
        try change(&root, ["endpoints", "device"]) { device throws(ProblemError) in try fill(device: &device) }
    }

    private func fill(price: inout YAMLValue, _ endpoint: String) throws(ProblemError) {
        let path = "endpoints.\(endpoint).price"
        guard let list = price.field("list") else {
            if let model = price.field("model") {
                findings.add(
                    model.place, field: "\(path).model", found: "`model` without `list`",
                    wanted: "the price list that the model is in")
            }
            return
        }
        guard let file = file(list, "\(path).list", wanted: "the path of a price list") else { return }
        for name in ["per_tokens", "currency"] {
            guard let field = price.field(name) else { continue }
            findings.add(
                field.place, field: "\(path).\(name)", found: "`\(name)` beside `list`",
                wanted: "the list's own: prices given beside a list are in its terms")
        }
        let models = try PriceList.read(path: file)
        let name = price.field("model")?.value.word
        guard let name, let own = models.first(where: { $0.name == name }) else {
            let place = price.field("model")?.value.place ?? list.place
            let known = models.map(\.name)
            findings.add(
                place, field: "\(path).model", found: name.map { "the model \(quoted($0))" } ?? "nothing",
                wanted: "a model of \(file): \(backquoted(known))",
                advice: name.flatMap { nearest(to: $0, among: known) }.map { "Did you mean \(quoted($0))?" })
            // The price is not missing besides.
            let stand = YAMLValue(place: place, content: .scalar("0", isPlain: true))
            price.add(["prefill", "decode"].map { .init(name: $0, place: place, value: stand) }, at: place)
            return
        }
        price.add(own.fields, at: list.value.place)
    }

    private func fill(device: inout YAMLValue) throws(ProblemError) {
        guard let profile = device.field("profile") else { return }
        let path = "endpoints.device.profile"
        guard let file = file(profile, path, wanted: "the path of a device profile") else { return }
        var fields = try DeviceFile.read(path: file)
        // A recorded trace says more than a formula, and its own pace.
        if device.field("trace") != nil { fields.removeAll { $0.name != "energy" } }
        device.add(fields, at: profile.value.place)
    }

    /// The path in a field, from the problem file's folder; nil, and noted, where there is none.
    private func file(_ field: YAMLValue.Field, _ path: String, wanted: String) -> String? {
        guard let text = field.value.word, !text.isEmpty else {
            findings.add(field.value.place, field: path, found: field.value.found, wanted: wanted)
            return nil
        }
        guard !text.hasPrefix("/"), let slash = problem.lastIndex(of: "/") else { return text }
        return problem[...slash] + text
    }

    /// Changes the mapping at `names` below `value`, if there is one.
    private func change(
        _ value: inout YAMLValue, _ names: ArraySlice<String>,
        _ change: (inout YAMLValue) throws(ProblemError) -> Void
    ) throws(ProblemError) {
        guard case .mapping(var fields) = value.content else { return }
        guard let name = names.first else { return try change(&value) }
        guard let index = fields.firstIndex(where: { $0.name == name }) else { return }
        try self.change(&fields[index].value, names.dropFirst(), change)
        value.content = .mapping(fields)
    }
}

extension YAMLValue {
    /// The field `name` of a mapping, unless it is null.
    func field(_ name: String) -> Field? { fields?.first { $0.name == name && !$0.value.isNull } }

    /// The text of a scalar.
    var word: String? { if case .scalar(let text, _) = content { text } else { nil } }

    /// Adds the fields that a mapping lacks, all as if they stood at `place`.
    fileprivate mutating func add(_ new: [Field], at place: TextPlace) {
        guard case .mapping(var own) = content else { return }
        for field in new where !own.contains(where: { $0.name == field.name && !$0.value.isNull }) {
            own.removeAll { $0.name == field.name }
            own.append(Field(name: field.name, place: place, value: field.value.moved(to: place)))
        }
        content = .mapping(own)
    }

    /// The same value, all of it at `place`.
    private func moved(to place: TextPlace) -> YAMLValue {
        var value = self
        value.place = place
        if case .mapping(let fields) = content {
            value.content = .mapping(
                fields.map { Field(name: $0.name, place: place, value: $0.value.moved(to: place)) })
        }
        return value
    }
}
