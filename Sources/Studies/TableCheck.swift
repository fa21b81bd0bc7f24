internal import Policies

/// Checks a policy table's bytes against every rule, the hash in its id included.
public enum TableCheck {
    /// What is wrong, a sentence each; empty for a valid table.
    public static func findings(_ bytes: [UInt8]) -> [String] {
        let table: PolicyTable
        do {
            table = try PolicyTable.decode(bytes)
        } catch {
            return ["\(error)"]
        }
        var findings = table.violations().map(\.description)
        if !table.idMatches(sha256Hex: sha256Hex(table.canonicalContent())) {
            findings.append(
                "id: is not the SHA-256 of the content; the table was changed after it was made [id-matches]")
        }
        return findings
    }
}
