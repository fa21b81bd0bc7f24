import ArgumentParser
import PolicySigning

extension Policy {
    /// `disco policy sign`.
    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a policy table with an Ed25519 key.",
            discussion: """
                Signs the table's id, which is the hash of its content, and writes the
                signature beside the table. The key comes from a file, never from the
                command line:

                  openssl genpkey -algorithm ed25519 -out key.pem
                  openssl pkey -in key.pem -pubout -out public.pem
                """)

        @Argument(help: "The policy table (JSON).")
        var table: String

        @Option(help: "File of the private key (PEM, PKCS #8).")
        var key: String

        @Option(
            name: [.customShort("o"), .customLong("output")],
            help: "Where to write the signature (default: the table's name and .sig).")
        var output: String?

        func run() async throws {
            try await Console.run {
                let output = output ?? table + ".sig"
                try FileError.keep(output, apartFrom: [table, key])
                let (bytes, secret) = (try FileError.read(table), try Policy.text(at: key))
                let signature: PolicySignature
                do throws(PolicySignature.Trouble) {
                    signature = try PolicySignature(of: bytes, privateKey: secret)
                } catch {
                    throw Policy.error(error, table: table, key: key, signature: output)
                }
                try FileError.write(Array(signature.text.utf8), to: output)
                Console.remark("\(table): signed, in \(output)")
            }
        }
    }

    /// `disco policy verify`.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check who signed a policy table.",
            discussion: """
                Checks that the table is one that loaders take, that its id is the hash of
                its content, and that the owner of the key signed that id. Exits with 4 if
                not.
                """)

        @Argument(help: "The policy table (JSON).")
        var table: String

        @Option(help: "File of the public key (PEM), from a place that you trust.")
        var key: String

        @Option(help: "File of the signature (default: the table's name and .sig).")
        var signature: String?

        func run() async throws {
            try await Console.run {
                let place = signature ?? table + ".sig"
                let (bytes, owner) = (try FileError.read(table), try Policy.text(at: key))
                let signature = PolicySignature(text: try Policy.text(at: place))
                do throws(PolicySignature.Trouble) {
                    try signature.verify(bytes, publicKey: owner)
                } catch {
                    throw Policy.error(error, table: table, key: key, signature: place)
                }
                Console.print("\(table): signed by the owner of \(key)\n")
            }
        }
    }

    private static func text(at path: String) throws(FileError) -> String {
        String(decoding: try FileError.read(path), as: UTF8.self)
    }

    /// The trouble with the file that has it: 4 where a table or its signature does not hold, 65 for a file that is none.
    private static func error(_ trouble: PolicySignature.Trouble, table: String, key: String, signature: String)
        -> FileError
    {
        switch trouble {
        case .notAKey: FileError(description: "\(key): \(trouble)", exitCode: 65)
        case .notASignature: FileError(description: "\(signature): \(trouble)", exitCode: 65)
        case .broken, .wrongSignature: FileError(description: "\(table): \(trouble)", exitCode: 4)
        }
    }
}
