/// What a provider charges, model by model (schema/prices.schema.json).
enum PriceList {
    /// One model and the fields of its price, as a problem file has them.
    struct Model {
        var name: String
        var fields: [YAMLValue.Field]
    }

    /// The models of the list at `path`.
    /// - Throws: `ProblemError` with all that is wrong.
    static func read(path: String) throws(ProblemError) -> [Model] {
        try SectionFile.read(path: path, called: "a price list, as those of data/prices", tree: .priceList) { root in
            root.require(["version", "provider", "currency", "per_tokens", "source", "date", "models"])
            guard let models = root["models"], let entries = models.value.fields, !entries.isEmpty else {
                if let field = root["models"] { root.refuse(field, wanted: "models and their prices") }
                return []
            }
            let provider = root["provider"]?.value.word ?? ""
            let common = ["currency", "per_tokens", "date"].compactMap { root[$0] }
            var source = root["source"]
            if let text = source?.value.word, let place = source?.value.place {
                source?.value = YAMLValue(place: place, content: .scalar("\(provider): \(text)", isPlain: false))
            }
            return entries.compactMap { entry in
                let path = "models.\(entry.name)"
                guard
                    let prices = Section(
                        entry.value, path: path, place: entry.place, tree: .modelPrice, findings: root.findings)
                else { return nil }
                _ = prices.requiredNumber("prefill", .nonNegative("money per `per_tokens` tokens"))
                _ = prices.requiredNumber("decode", .nonNegative("money per `per_tokens` tokens"))
                return Model(name: entry.name, fields: prices.fields + common + [source].compactMap(\.self))
            }
        }
    }
}

/// What was measured of one device and model (schema/device.schema.json).
enum DeviceFile {
    /// Its fields, as `endpoints.device` of a problem file has them.
    /// - Throws: `ProblemError` with all that is wrong.
    static func read(path: String) throws(ProblemError) -> [YAMLValue.Field] {
        try SectionFile.read(path: path, called: "a device profile, as those of data/devices", tree: .deviceFile) {
            root in
            root.require(["version", "device", "source"])
            return ["ttft", "tpot", "energy"].compactMap { root[$0] }
        }
    }
}

extension FieldTree {
    fileprivate static let priceList = FieldTree(
        values: ["version", "provider", "currency", "per_tokens", "source", "date", "models"])
    fileprivate static let modelPrice = FieldTree(values: ["prefill", "decode"])
    fileprivate static let deviceFile = FieldTree([
        ("version", .value), ("device", .value), ("source", .value),
        ("ttft", FieldTree(values: ["intercept", "per_token", "per_token_squared"])), ("tpot", .value),
        ("energy", FieldTree(values: ["prefill", "decode"])),
    ])
}

extension Section {
    /// Notes each of the fields that is missing.
    fileprivate func require(_ names: [String]) {
        for name in names where self[name] == nil { addMissing(name, wanted: "`\(name)`") }
    }
}
