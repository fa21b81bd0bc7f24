/// Mean tokens that a request prefills and decodes on each endpoint.
public struct TokenUse: Sendable, Hashable {
    /// Tokens prefilled by the server.
    public var serverPrefill: Double
    /// Tokens decoded by the server.
    public var serverDecode: Double
    /// Tokens prefilled by the device.
    public var devicePrefill: Double
    /// Tokens decoded by the device.
    public var deviceDecode: Double

    /// Tokens per request.
    public init(serverPrefill: Double, serverDecode: Double, devicePrefill: Double, deviceDecode: Double) {
        self.serverPrefill = serverPrefill
        self.serverDecode = serverDecode
        self.devicePrefill = devicePrefill
        self.deviceDecode = deviceDecode
    }
}

/// A price or an energy per token, prefill and decode apart.
public struct PerToken: Sendable, Hashable {
    /// For one prefilled token.
    public var prefill: Double
    /// For one decoded token.
    public var decode: Double

    /// An amount per token.
    public init(prefill: Double, decode: Double) {
        self.prefill = prefill
        self.decode = decode
    }
}

/// Which endpoint's tokens are dear, as the DiSCo paper sorts deployments.
public enum Regime: String, Sendable, Hashable {
    /// Every device token costs more than any server token.
    case deviceConstrained = "device-constrained"
    /// Every server token costs more than any device token.
    case serverConstrained = "server-constrained"
    /// Neither.
    case mixed
}

/// What tokens cost: list prices, device energy and the exchange rate between the two.
///
/// One formula for solver and replay: cost = Σ_e (c^p_e · prefilled_e + c^d_e · decoded_e), with the device's energy
/// turned into money by lambda. Source: DiSCo (arXiv 2502.11417), cost model; units in docs/terminology.md.
public struct CostModel: Sendable, Hashable {
    /// Money per server token; nil where not known.
    public let server: PerToken?
    /// Money per device token, besides its energy; nil where none.
    public let device: PerToken?
    /// Joules per device token; nil where not known.
    public let deviceEnergy: PerToken?
    /// Money per joule (lambda); nil where not known.
    public let moneyPerJoule: Double?

    /// A cost model; whatever is nil makes the figures that need it nil, never 0.
    public init(server: PerToken?, device: PerToken? = nil, deviceEnergy: PerToken? = nil, moneyPerJoule: Double? = nil)
    {
        self.server = server
        self.device = device
        self.deviceEnergy = deviceEnergy
        self.moneyPerJoule = moneyPerJoule
    }

    /// Money per device token, energy included; nil where neither a price nor energy with its exchange rate is known.
    public var deviceTotal: PerToken? {
        guard let deviceEnergy, let moneyPerJoule else { return device }
        return PerToken(
            prefill: (device?.prefill ?? 0) + deviceEnergy.prefill * moneyPerJoule,
            decode: (device?.decode ?? 0) + deviceEnergy.decode * moneyPerJoule)
    }

    /// Money for `use`; nil where a price is missing.
    public func money(for use: TokenUse) -> Double? {
        guard let server, let device = deviceTotal else { return nil }
        return server.prefill * use.serverPrefill + server.decode * use.serverDecode
            + device.prefill * use.devicePrefill + device.decode * use.deviceDecode
    }

    /// Joules that the device draws for `use`; nil where its energy is not known.
    public func joules(for use: TokenUse) -> Double? {
        deviceEnergy.map { $0.prefill * use.devicePrefill + $0.decode * use.deviceDecode }
    }

    /// The regime; nil where a price is missing.
    ///
    /// Source: DiSCo, regime test (unconfirmed recollection; an assumption).
    public var regime: Regime? {
        guard let server, let device = deviceTotal else { return nil }
        if min(device.prefill, device.decode) > max(server.prefill, server.decode) { return .deviceConstrained }
        if min(server.prefill, server.decode) > max(device.prefill, device.decode) { return .serverConstrained }
        return .mixed
    }
}
