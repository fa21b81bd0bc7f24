import Crypto
import Foundation
public import Policies

/// An Ed25519 signature (RFC 8032) of a policy table: its publisher vouches for the id, and the id for the content.
///
/// What is signed is the text of the id, `sha256:` and 64 digits, so that any tool can check it:
///
///     jq -j .id policy.json > id && base64 -d policy.json.sig > sig
///     openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in id -sigfile sig
public struct PolicySignature: Sendable, Hashable {
    /// The signature, in base64 with a newline: a file's text.
    public let text: String

    /// Why there is no signature, or none that holds.
    public enum Trouble: Error, Sendable, Hashable, CustomStringConvertible {
        /// The key file is none of those that are read.
        case notAKey(wanted: String)
        /// The signature file is no signature.
        case notASignature
        /// The id is not the hash of the table's content.
        case broken(PolicyRefusal)
        /// Somebody else signed, or something else was signed.
        case wrongSignature

        /// What was found and what was wanted.
        public var description: String {
            switch self {
            case .notAKey(let wanted): "is no Ed25519 \(wanted) in PEM, as openssl writes it"
            case .notASignature: "is no Ed25519 signature: wanted 64 bytes in base64"
            case .broken(let refusal): refusal.description
            case .wrongSignature: "the signature is not that of this key for this table"
            }
        }
    }

    /// Signs a table.
    /// - Parameters:
    ///   - table: The bytes of a good table.
    ///   - key: A private key in PEM (PKCS #8): `openssl genpkey -algorithm ed25519`.
    /// - Throws: A ``Trouble`` if the key is none, or the table would be refused by a loader.
    public init(of table: [UInt8], privateKey key: String) throws(Trouble) {
        let bytes = try Self.key(in: key, label: "PRIVATE KEY", prefix: Self.privatePrefix, wanted: "private key")
        let message = try Self.message(table)
        guard let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes),
            let signature = try? secret.signature(for: message)
        else { throw .notAKey(wanted: "private key") }
        text = signature.base64EncodedString() + "\n"
    }

    /// A signature as read from a file.
    public init(text: String) { self.text = text }

    /// Throws unless the owner of a key signed a table.
    /// - Parameters:
    ///   - table: The table's bytes.
    ///   - key: The public key in PEM, from a place that is trusted: `openssl pkey -pubout`.
    /// - Throws: A ``Trouble`` otherwise.
    public func verify(_ table: [UInt8], publicKey key: String) throws(Trouble) {
        let bytes = try Self.key(in: key, label: "PUBLIC KEY", prefix: Self.publicPrefix, wanted: "public key")
        let stripped = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let signature = Data(base64Encoded: stripped), signature.count == 64 else { throw .notASignature }
        let message = try Self.message(table)
        guard let owner = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            throw .notAKey(wanted: "public key")
        }
        guard owner.isValidSignature(signature, for: message) else { throw .wrongSignature }
    }

    /// The id of a table that a loader would take.
    private static func message(_ table: [UInt8]) throws(Trouble) -> Data {
        do throws(PolicyRefusal) {
            return Data(try LoadedPolicy(table).table.id.utf8)
        } catch {
            throw .broken(error)
        }
    }

    /// The 32 bytes of a key: what follows the fixed beginning that RFC 8410 gives an Ed25519 key in DER.
    private static func key(in text: String, label: String, prefix: [UInt8], wanted: String) throws(Trouble) -> Data {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard let first = lines.firstIndex(of: "-----BEGIN \(label)-----"),
            let last = lines.firstIndex(of: "-----END \(label)-----"), first < last,
            let bytes = Data(base64Encoded: lines[(first + 1)..<last].joined()),
            bytes.count == prefix.count + 32, bytes.starts(with: prefix)
        else { throw .notAKey(wanted: wanted) }
        return bytes.suffix(32)
    }

    private static let privatePrefix: [UInt8] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    private static let publicPrefix: [UInt8] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]
}
