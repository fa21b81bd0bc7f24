import ArgumentParser

/// The command line: each subcommand parses, makes one call and writes.
@main
struct Disco: AsyncParsableCommand {
    /// Name and version, as provenance records them.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "disco",
        abstract: "Optimal wait thresholds for device-server LLM streaming, from traces.",
        discussion: """
            Reads logged requests, solves the cost-constrained dispatch problem
            exactly and writes a policy table: per prompt-length bucket, how long to
            wait before starting the second endpoint.

              disco solve --example > problem.yaml      an annotated problem file
              disco solve problem.yaml -o policy.json   the main job
              disco policy show policy.json             what the table does
              disco replay policy.json problem.yaml     what it does to requests
              disco whatif problem.yaml --tornado 0.2   what other numbers would do
              disco check policy.json problem.yaml --traces new.csv
                                                        does it still hold?

            Exit codes: 0 done, 3 infeasible, 4 a check failed, 64 usage, 65 bad
            data, 66 no such input, 69 a needed program is missing, 73 cannot write.
            """,
        version: version,
        subcommands: [
            Solve.self, ReplayCommand.self, WhatIfCommand.self, Cost.self, Compare.self, Check.self, Profile.self,
            Risk.self, Ingest.self,
            Policy.self,
        ])
}
