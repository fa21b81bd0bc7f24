extension PolicyTable.Provenance {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["tool", "problem_sha256", "linear_algebra", "traces"])
        var traces: [PolicyTable.Trace] = []
        for element in try members["traces"].elements() { traces.append(try PolicyTable.Trace(node: element)) }
        self.init(
            tool: try members["tool"].string(), problemSHA256: try members["problem_sha256"].ifPresent?.string(),
            linearAlgebra: try members["linear_algebra"].ifPresent?.string(), traces: traces)
    }
}

extension PolicyTable.Trace {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members([
            "role", "name", "format", "sha256", "rows_in", "accepted", "filtered", "rejected", "first", "last",
        ])
        self.init(
            role: try members["role"].word(PolicyTable.Role.self), name: try members["name"].string(),
            format: try members["format"].string(), sha256: try members["sha256"].string(),
            rowsIn: try members["rows_in"].integer(), accepted: try members["accepted"].integer(),
            filtered: try members["filtered"].integer(), rejected: try members["rejected"].integer(),
            first: try members["first"].ifPresent?.string(), last: try members["last"].ifPresent?.string())
    }
}

extension PolicyTable.Units {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["time", "length", "energy", "money"])
        try members["time"].expect(Self.time)
        try members["length"].expect(Self.length)
        try members["energy"].expect(Self.energy)
        self.init(money: try members["money"].ifPresent?.string())
    }
}

extension PolicyTable.Endpoints {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["server", "device"])
        self.init(
            server: try PolicyTable.EndpointFacts(node: members["server"]),
            device: try PolicyTable.EndpointFacts(node: members["device"]))
    }
}

extension PolicyTable.EndpointFacts {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["model", "tpot", "price", "energy"])
        self.init(
            model: try members["model"].ifPresent?.string(), tpot: try members["tpot"].ifPresent?.number(),
            price: try PolicyTable.PerToken(nullable: members["price"]),
            energy: try PolicyTable.PerToken(nullable: members["energy"]))
    }
}

extension PolicyTable.PerToken {
    init?(nullable node: JSONNode) throws(PolicyError) {
        guard let node = node.ifPresent else { return nil }
        let members = try node.members(["prefill", "decode"])
        self.init(prefill: try members["prefill"].number(), decode: try members["decode"].number())
    }
}

extension PolicyTable.Certificate {
    init?(nullable node: JSONNode) throws(PolicyError) {
        guard let node = node.ifPresent else { return nil }
        let members = try node.members(
            ["status", "primal", "bound", "gap", "scale", "multipliers"], optional: ["tail", "tie_break"])
        self.init(
            status: try members["status"].word(Status.self), primal: try members["primal"].number(),
            bound: try members["bound"].number(), gap: try members["gap"].number(),
            scale: try members["scale"].number(), multipliers: try members["multipliers"].numbersByName(),
            tail: try node.member("tail").map { (node) throws(PolicyError) in try Tail(node: node) },
            tieBreak: try node.member("tie_break").map { (node) throws(PolicyError) in try TieBreak(node: node) })
    }
}
