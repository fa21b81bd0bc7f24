internal import Costs

/// Unit prices over the dearest of them, and energies likewise, so that a request's expense is of the size of its tokens.
struct Prices: Sendable {
    var serverPrefill = 0.0
    var serverDecode = 0.0
    var devicePrefill = 0.0
    var deviceDecode = 0.0
    var transfer = 0.0
    /// The dearest price, or that of a transfer; 0 where a price is missing or nothing costs anything.
    var scale = 0.0

    var devicePrefillEnergy = 0.0
    var deviceDecodeEnergy = 0.0
    /// The larger of both energies; 0 where they are not known or nothing is drawn.
    var energyScale = 0.0

    init(_ world: ReplayWorld) {
        if let energy = world.costs.deviceEnergy, max(energy.prefill, energy.decode) > 0 {
            energyScale = max(energy.prefill, energy.decode)
            devicePrefillEnergy = energy.prefill / energyScale
            deviceDecodeEnergy = energy.decode / energyScale
        }
        guard let server = world.costs.server, let device = world.costs.deviceTotal else { return }
        scale = max(server.prefill, server.decode, device.prefill, device.decode, world.transfer)
        guard scale > 0 else { return }
        serverPrefill = server.prefill / scale
        serverDecode = server.decode / scale
        devicePrefill = device.prefill / scale
        deviceDecode = device.decode / scale
        transfer = world.transfer / scale
    }

    @inline(__always) func expense(of record: ReplayRecord) -> Double {
        serverPrefill * record.serverPrefill + serverDecode * Double(record.serverDecode)
            + devicePrefill * record.devicePrefill + deviceDecode * Double(record.deviceDecode)
            + (record.isHandedOver ? transfer : 0)
    }

    @inline(__always) func energy(of record: ReplayRecord) -> Double {
        devicePrefillEnergy * record.devicePrefill + deviceDecodeEnergy * Double(record.deviceDecode)
    }
}
