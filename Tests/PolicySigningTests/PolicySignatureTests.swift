import Crypto
import Foundation
import Policies
import PolicySigning
import Testing

@Suite struct `Signing a policy table` {
    /// RFC 8032, 7.1, test 1: secret key and public key.
    private let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    private let known = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

    private func bytes(_ hexadecimal: String) -> Data {
        let digits = Array(hexadecimal)
        return Data(
            stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) })
    }

    private func pem(_ label: String, _ prefix: String, _ key: Data) -> String {
        let body = (bytes(prefix) + key).base64EncodedString()
        return "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n"
    }

    private func privateKey(_ key: Data) -> String { pem("PRIVATE KEY", "302e020100300506032b657004220420", key) }
    private func publicKey(_ key: Data) -> String { pem("PUBLIC KEY", "302a300506032b6570032100", key) }

    private func table(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "conformance/tables/\(name).json")
        return [UInt8](try Data(contentsOf: folder))
    }

    private func trouble(_ work: () throws(PolicySignature.Trouble) -> Void) -> PolicySignature.Trouble? {
        do throws(PolicySignature.Trouble) {
            try work()
            return nil
        } catch {
            return error
        }
    }

    @Test func `what a key signed its owner's public key verifies, whatever the layout of the file`() throws {
        let bytes = try table("edges")
        let signature = try PolicySignature(of: bytes, privateKey: privateKey(self.bytes(secret)))
        try signature.verify(bytes, publicKey: publicKey(self.bytes(known)))
        try signature.verify(PolicyTable.decode(bytes).encoded(), publicKey: publicKey(self.bytes(known)))
        // As any other tool would: the signed bytes are the text of the id.
        let id = try PolicyTable.decode(bytes).id
        let raw = try #require(Data(base64Encoded: signature.text.trimmingCharacters(in: .newlines)))
        let owner = try Curve25519.Signing.PublicKey(rawRepresentation: self.bytes(known))
        #expect(owner.isValidSignature(raw, for: Data(id.utf8)))
    }

    @Test func `another key, another table and a changed one are refused`() throws {
        let bytes = try table("edges")
        let signature = try PolicySignature(of: bytes, privateKey: privateKey(self.bytes(secret)))
        let stranger = Curve25519.Signing.PrivateKey().publicKey.rawRepresentation
        #expect(
            trouble { () throws(PolicySignature.Trouble) in
                try signature.verify(bytes, publicKey: publicKey(stranger))
            } == .wrongSignature)
        let other = try table("mixture")
        #expect(
            trouble { () throws(PolicySignature.Trouble) in
                try signature.verify(other, publicKey: publicKey(self.bytes(known)))
            } == .wrongSignature)
        let changed = try table("refused-id-matches")
        guard
            case .broken(let refusal) = trouble({ () throws(PolicySignature.Trouble) in
                try signature.verify(changed, publicKey: publicKey(self.bytes(known)))
            })
        else {
            Issue.record("a changed table must be refused")
            return
        }
        #expect(refusal.rule == "id-matches")
    }

    @Test(arguments: ["", "AAAA", "not base64!", String(repeating: "A", count: 200)])
    func `what is no signature is named`(text: String) throws {
        let bytes = try table("edges")
        #expect(
            trouble { () throws(PolicySignature.Trouble) in
                try PolicySignature(text: text).verify(bytes, publicKey: publicKey(self.bytes(known)))
            } == .notASignature)
    }

    @Test func `what is no key is named`() throws {
        let bytes = try table("edges")
        let good = privateKey(self.bytes(secret))
        for key in [
            "", "ssh-ed25519 AAAA", publicKey(self.bytes(known)), good.replacingOccurrences(of: "MC4C", with: "MC4D"),
            String(good.prefix(60)), privateKey(self.bytes(secret) + [0]),
        ] {
            #expect(
                trouble { () throws(PolicySignature.Trouble) in _ = try PolicySignature(of: bytes, privateKey: key) }
                    == .notAKey(wanted: "private key"))
        }
    }
}
