internal import Serving

/// What decoding and handing over are worth in a row of a program: an objective, a limit, or a Lagrangian of them.
struct DecodePrices: Sendable, Hashable {
    /// Per output token that the server decodes.
    var serverDecode = 0.0
    /// Per output token that the device decodes.
    var deviceDecode = 0.0
    /// Per token that the server prefills to take over from the device.
    var serverPrefill = 0.0
    /// Per token that the device prefills to take over from the server.
    var devicePrefill = 0.0
    /// Per hand-over.
    var transfer = 0.0

    /// Whether nothing has a price.
    var isZero: Bool { self == DecodePrices() }

    /// Adds a multiple of other prices.
    mutating func add(_ prices: DecodePrices, times factor: Double) {
        serverDecode += factor * prices.serverDecode
        deviceDecode += factor * prices.deviceDecode
        serverPrefill += factor * prices.serverPrefill
        devicePrefill += factor * prices.devicePrefill
        transfer += factor * prices.transfer
    }

    /// The prices in one direction.
    func side(from source: Endpoint) -> MigrationSide {
        source == .server
            ? MigrationSide(
                sourceDecode: serverDecode, targetPrefill: devicePrefill, targetDecode: deviceDecode,
                transfer: transfer)
            : MigrationSide(
                sourceDecode: deviceDecode, targetPrefill: serverPrefill, targetDecode: serverDecode,
                transfer: transfer)
    }
}
