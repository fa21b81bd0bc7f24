import Foundation
import Testing

/// Traces whose losers were cancelled, from file to result.
@Suite struct `Cancelled requests` {
    /// The sample's server trace with every fourth slow row cancelled at 0.8 s.
    private static let raced =
        "ttft,prompt_tokens,outcome\n"
        + (0..<400).map { i in
            let ttft = Double(200 + (i * i * 37) % 1_300) / 1000
            return i.isMultiple(of: 4) && ttft > 0.8
                ? "0.8,\(10 + i % 40),cancelled\n"
                : "\(min(ttft, 1.2)),\(10 + i % 40),\(ttft > 1.2 ? "cancelled" : "ok")\n"
        }.joined()

    @Test func `are used, counted and told`() throws {
        let folder = try Sample.folder(["server.csv": Self.raced])
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for word in ["(Kaplan-Meier)", "times are known up to", "lies beyond", "placed at the timeout", "between"] {
            #expect(run.output.contains(word), "\(word) is missing in:\n\(run.output)")
        }
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
        let profile = try Run(["profile", "problem.yaml", "--json"], in: folder.url)
        let result = try #require(try JSONSerialization.jsonObject(with: Data(profile.output.utf8)) as? [String: Any])
        let server = try #require((result["server"] as? [String: Any])?["pooled"] as? [String: Any])
        #expect(try #require(server["cancelled"] as? Int) > 50)
        #expect(try #require(server["identified_up_to"] as? Double) <= 1.2)
        #expect(try #require(server["unidentified_share"] as? Double) > 0.1 && server["failed_share"] as? Double == 0)
        #expect(try #require(server["least_mean"] as? Double) < 1.2 && #require(server["mean"] as? Double) > 6)
        #expect(server["p99"] is NSNull)
    }

    @Test func `of the device are used too`() throws {
        let device =
            "prompt_tokens,ttft,outcome\n"
            + (1...80).map { l in
                let noise = Double((l * 31) % 11 - 5) / 100
                let ttft = 0.2 + 0.01 * Double(l) + noise
                return l.isMultiple(of: 5) ? "\(l),\(ttft - 0.05),cancelled\n" : "\(l),\(ttft),ok\n"
            }.joined()
        let folder = try Sample.folder(["device.csv": device])
        let run = try Run(
            [
                "profile", "problem.yaml", "--json", "--set", "endpoints.device.ttft=null", "--set",
                "endpoints.device.trace=device.csv",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        let result = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let profile = try #require(result["device"] as? [String: Any])
        #expect(profile["cancelled"] as? Int == 16)
        #expect(abs(try #require(profile["per_token"] as? Double) - 0.01) < 0.001)
    }

    @Test func `alone are refused`() throws {
        let folder = try Sample.folder(["server.csv": "ttft,prompt_tokens,outcome\n1,5,cancelled\n2,6,cancelled\n"])
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(
            run.status == 65 && run.errors.contains("server.csv")
                && run.errors.contains("all 2 requests were cancelled"))
        #expect(!folder.has("policy.json"))
    }
}
